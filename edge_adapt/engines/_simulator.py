"""
The simulated accelerator as a process, and the messages to it over a Unix socket.

A message is a header {operation or status, flags, number of bytes} and those bytes, both ways;
`hw/cosim/serve.py` is the other end. Simulated time stands still between two requests.
"""

from __future__ import annotations

import contextlib
from enum import IntEnum
import json
import os
from pathlib import Path
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from typing import NamedTuple

from edge_adapt.engines._accelerator import Geometry, layer_values
from edge_adapt.errors import UsageError
from edge_adapt.records import Array, I8, I32, I64, U8
import numpy as np

HEADER = struct.Struct('<BBHI')
START_S = 60.0
N_CHUNK_WORDS = 1024  # of an image a request, so that frames are answered in between
_ROOT = Path(__file__).resolve().parents[2]
_PROBE, _BITS, _LAST = 1, 2, 1


class Operation(IntEnum):
    """What is asked of the simulator."""

    INFER = 1  # flags {bits, probe}; frames' words; answers logits, then users, then bits
    BEGIN_IMAGE = 2  # flags: the bank
    IMAGE = 3  # flags: 1 with the last words; big-endian words
    SELECT = 4  # flags: the bank
    READ_IMAGE = 5  # flags: the bank; answers big-endian words
    REGISTERS = 6  # answers JSON
    WRITE = 7  # JSON [register, value]
    CAPTURE = 8  # a label byte a frame, then frames' words: they become samples
    LOAD = 9  # big-endian words of the learning units' state
    STORE = 10  # answers such words
    WAIT = 11  # flags: the unit that shall be idle


class Unit(IntEnum):
    """What learns on the accelerator."""

    LEARNING = 0
    STATISTICS = 1
    DESCENT = 2
    FLIPS = 3


class Region(IntEnum):
    """What can be loaded."""

    VALUES = 0
    MEANS = 1
    ORDER = 2
    TARGETS = 3
    DESCENT_VALUES = 4
    DESCENT_ORDER = 5


# What says that a region's words follow
_LOADS = {
    Region.VALUES: ('es_load', 0),
    Region.MEANS: ('es_load', 1),
    Region.ORDER: ('es_load', 2),
    Region.TARGETS: ('stat_load', 0),
    Region.DESCENT_VALUES: ('sgd_load', 0),
    Region.DESCENT_ORDER: ('sgd_load', 1),
}
_STORES = {Unit.LEARNING: 'es_store', Unit.STATISTICS: 'stat_store', Unit.DESCENT: 'sgd_store'}


class SimulatorLostError(Exception):
    """The simulator ended, hangs, or answers nonsense; a sentence says which."""


class Answer(NamedTuple):
    """What frames gave: logits (n, n_classes), the bank of each, and each layer's values."""

    logits: I32
    banks: U8
    bits: list[I8]


class Simulator:
    """A running simulator. Any failure raises SimulatorLostError; then only `close` is of use."""

    def __init__(self, geometry: Geometry, timeout_s: float, learning: bool = False) -> None:
        self.geometry = geometry
        self._parameters = geometry.learning_parameters if learning else geometry.parameters
        if not (_ROOT / 'hw' / 'cosim' / 'launch.py').exists():
            raise UsageError(
                "engine 'rtl_cosim' needs the accelerator's sources: the folder hw/ of a source"
                ' tree of edge_adapt'
            )
        with tempfile.TemporaryDirectory(prefix='edge_adapt_') as folder:
            path = f'{folder}/simulator'
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                listener.bind(path)
                listener.listen(1)
                self._process = self._launch(path)
                self._socket = self._accept(listener)
        self._socket.settimeout(timeout_s)

    @property
    def process_id(self) -> int:
        """Return the process group of the simulator."""
        return self._process.pid

    def set_timeout(self, timeout_s: float) -> None:
        """Set how long an answer may take."""
        self._socket.settimeout(timeout_s)

    def _launch(self, path: str) -> subprocess.Popen[str]:
        geometry = self.geometry
        request = json.dumps(
            {
                'socket': path,
                'parameters': self._parameters,
                'n_frame_words': geometry.n_frame_words,
                'n_value_words': geometry.n_value_words,
            }
        )
        return subprocess.Popen(
            [sys.executable, '-m', 'hw.cosim.launch', request],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _accept(self, listener: socket.socket) -> socket.socket:
        """Wait for the simulator to call, or to end with a sentence."""
        listener.settimeout(0.1)
        for _ in range(int(START_S / 0.1)):
            try:
                return listener.accept()[0]
            except TimeoutError:
                if (status := self._process.poll()) is not None:
                    assert self._process.stderr is not None
                    said = self._process.stderr.read().strip().rpartition('\n')[2]
                    self._process.stderr.close()
                    kind = UsageError if status == 2 else SimulatorLostError
                    raise kind(said or f'the simulator ended with status {status}') from None
        self._end()
        raise SimulatorLostError(f'the simulator did not start within {START_S:.0f} s')

    def infer(self, words: U8, *, probe: bool = False, bits: bool = False) -> Answer:
        """Run frames (n, n_words, lanes / 8)."""
        geometry, n = self.geometry, len(words)
        flags = _PROBE * probe | _BITS * bits
        body = self._ask(Operation.INFER, flags, np.ascontiguousarray(words).tobytes())
        n_logits = 4 * n * geometry.n_classes
        n_expected = n_logits + n + bits * n * geometry.n_value_words * geometry.lanes // 8
        if len(body) != n_expected:
            raise SimulatorLostError(f'the simulator answered {len(body)} bytes, not {n_expected}')
        logits = np.frombuffer(body[:n_logits], '>i4').reshape(n, -1).astype(np.int32)
        banks = np.frombuffer(body[n_logits : n_logits + n], np.uint8)
        rows = np.frombuffer(body[n_logits + n :], np.uint8)
        layers = layer_values(geometry, rows.reshape(n, -1, geometry.lanes // 8)) if bits else []
        return Answer(logits, banks, layers)

    def write_bank(self, bank: int, image: Array) -> None:
        """Write a parameter image to a bank; the hardware refuses a wrong one."""
        self._ask(Operation.BEGIN_IMAGE, bank)
        for at in range(0, len(image), N_CHUNK_WORDS):
            chunk = image[at : at + N_CHUNK_WORDS].astype('>u4').tobytes()
            self._ask(Operation.IMAGE, _LAST * (at + N_CHUNK_WORDS >= len(image)), chunk)

    def select(self, bank: int) -> None:
        """Let all frames from now on use a bank."""
        self._ask(Operation.SELECT, bank)

    def read_bank(self, bank: int) -> Array:
        """Return the parameter image that a bank holds."""
        return np.frombuffer(self._ask(Operation.READ_IMAGE, bank), '>u4').astype(np.uint32)

    def registers(self) -> dict[str, int]:
        """Return what can be read, by name."""
        values: dict[str, int] = json.loads(self._ask(Operation.REGISTERS))
        return values

    def write(self, register: str, value: int) -> None:
        """Write a register by name."""
        self._ask(Operation.WRITE, 0, json.dumps([register, value]).encode())

    def capture(self, words: U8, labels: U8) -> None:
        """Run frames (n, n_words, lanes / 8), which become samples of their labels (n,)."""
        body = labels.tobytes() + np.ascontiguousarray(words).tobytes()
        self._ask(Operation.CAPTURE, 0, struct.pack('<I', len(labels)) + body)

    def load(self, region: Region, values: I64) -> None:
        """Give a learning unit the words (n,) of a region."""
        self.write(*_LOADS[region])
        self._ask(Operation.LOAD, 0, (values & 0xFFFFFFFF).astype('>u4').tobytes())

    def store(self, unit: Unit) -> I64:
        """Return the words (n,) that a unit holds, signed."""
        self.write(_STORES[unit], 0)
        return np.frombuffer(self._ask(Operation.STORE), '>i4').astype(np.int64)

    def wait(self, unit: Unit) -> None:
        """Let simulated time go on until a unit is idle."""
        self._ask(Operation.WAIT, unit)

    def close(self) -> None:
        """End the simulator, whatever it does."""
        self._socket.close()
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _ask(self, operation: Operation, flags: int = 0, body: bytes = b'') -> bytes:
        try:
            self._socket.sendall(HEADER.pack(operation, flags, 0, len(body)) + body)
            status, _, _, n_bytes = HEADER.unpack(receive(self._socket, HEADER.size))
            answer = receive(self._socket, n_bytes)
        except TimeoutError as error:
            raise SimulatorLostError(
                f'the simulator hangs: no answer to {operation.name}'
            ) from error
        except OSError as error:
            raise SimulatorLostError(f'the simulator is gone: {error}') from error
        if status:
            raise SimulatorLostError(
                f'the accelerator refused {operation.name}: {answer.decode()}'
            )
        return answer


def receive(connection: socket.socket, n_bytes: int) -> bytes:
    """Return exactly n_bytes. Raises OSError where the other side closed."""
    chunks = []
    while n_bytes:
        chunk = connection.recv(min(n_bytes, 1 << 16))
        if not chunk:
            raise ConnectionResetError('it closed the connection')
        chunks.append(chunk)
        n_bytes -= len(chunk)
    return b''.join(chunks)
