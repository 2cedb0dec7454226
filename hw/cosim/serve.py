"""
Runs in the simulator: answers requests on a socket by driving the accelerator's ports.

While no request is there the simulated time stands still. Registers and parameters are driven
from here on the falling edge; frames all together by the main loop: Python wakes once a request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
import json
import os
import socket
from typing import Any

import cocotb
from cocotb.triggers import Timer, with_timeout
from edge_adapt.engines._simulator import HEADER, Operation, receive
import numpy as np

from hw.cosim.driver import CLOCK_NS, ERRORS, RefusedError
from hw.cosim.ports import Ports

DEADLINE_MS = 200  # of simulated time: no operation takes that long
BOUNDED = (Operation.INFER, Operation.CAPTURE)  # these count their cycles themselves
POLL_NS = 1000 * CLOCK_NS  # between two looks at a unit that learns
Work = Callable[[int, bytes], Awaitable[bytes | None]]  # flags and body -> the answer
STATUS = ('es_status', 'stat_status', 'sgd_status', 'flip_status')  # by Unit


class Server:
    """Answers one request after the other."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def answer(self, operation: int, flags: int, body: bytes) -> bytes:
        """Return the answer; RefusedError with the reason where there is none."""
        works: dict[int, Work] = {
            Operation.INFER: self._infer,
            Operation.BEGIN_IMAGE: self._begin_image,
            Operation.IMAGE: self._image,
            Operation.SELECT: self._select,
            Operation.READ_IMAGE: self._read_image,
            Operation.REGISTERS: self._registers,
            Operation.WRITE: self._write,
            Operation.CAPTURE: self._capture,
            Operation.LOAD: self._load,
            Operation.STORE: self._store,
            Operation.WAIT: self._wait,
        }
        if operation not in works:
            raise RefusedError(f'there is no operation {operation}')
        return await works[operation](flags, body) or b''

    async def _begin_image(self, flags: int, body: bytes) -> None:
        await self._ports.write('bank_write', flags)

    async def _select(self, flags: int, body: bytes) -> None:
        await self._ports.write('bank_select', flags)

    async def _registers(self, flags: int, body: bytes) -> bytes:
        values = {name: await self._ports.read(name) for name in self._ports.readable}
        return json.dumps(values).encode()

    async def _write(self, flags: int, body: bytes) -> None:
        name, value = json.loads(body)
        await self._ports.write(name, value)

    async def _load(self, flags: int, body: bytes) -> None:
        await self._ports.send('es', _words(body))
        for name in STATUS:  # any unit may take the words
            await self._idle(name)

    async def _store(self, flags: int, body: bytes) -> bytes:
        return await self._packet('es')

    async def _wait(self, flags: int, body: bytes) -> None:
        await self._idle(STATUS[flags])

    async def _capture(self, flags: int, body: bytes) -> None:
        """Run frames that become samples of the labels before them."""
        n_frames = int.from_bytes(body[:4], 'little')
        labels = np.frombuffer(body, np.uint8, n_frames, 4).astype(np.uint16)
        await self._ports.frames(body[4 + n_frames :], 4 | labels << 3)

    async def _infer(self, flags: int, body: bytes) -> bytes:
        ports = self._ports
        n_frames = len(body) // (ports.n_lane_bytes * ports.n_frame_words)
        users = np.full(n_frames, flags)
        logits, origins, rows = await ports.frames(body, users)
        return logits.astype('>i4').tobytes() + (origins & 1).astype(np.uint8).tobytes() + rows

    async def _image(self, flags: int, body: bytes) -> None:
        ports = self._ports
        await ports.send('param', _words(body), last=bool(flags))
        if not flags:
            return
        while (status := await ports.read('bank_status')) >> 5 & 1:
            await ports.falling
        if status >> 8 & 7:
            raise RefusedError(f'the image is wrong: {ERRORS[status >> 8 & 7]}')

    async def _read_image(self, flags: int, body: bytes) -> bytes:
        await self._ports.write('bank_read', flags)
        return await self._packet('param')

    async def _packet(self, stream: str) -> bytes:
        """Return the next packet of a stream of words."""
        words, is_last = [], False
        while not is_last:
            word, is_last = await self._ports.receive(stream)
            words.append(word.to_bytes(4, 'big'))
        return b''.join(words)

    async def _idle(self, status: str) -> None:
        """Let time go on until the unit of this status register is idle."""
        while await self._ports.read(status) & 1:
            await Timer(POLL_NS, 'ns')
            await self._ports.falling


def _words(body: bytes) -> list[int]:
    return [int.from_bytes(body[k : k + 4], 'big') for k in range(0, len(body), 4)]


@cocotb.test()
async def serve(dut: Any) -> None:
    """Answer until the other side closes."""
    ports = Ports(dut)
    await ports.reset()
    server = Server(ports)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(os.environ['SIMULATOR_SOCKET'])
        while True:
            try:
                operation, flags, _, n_bytes = HEADER.unpack(receive(connection, HEADER.size))
                body = receive(connection, n_bytes)
            except ConnectionResetError:
                return
            status, answer = 0, b''
            try:
                work = server.answer(operation, flags, body)
                if operation in BOUNDED:
                    answer = await work
                else:
                    answer = await with_timeout(cocotb.start_soon(work), DEADLINE_MS, 'ms')
            except RefusedError as refused:
                status, answer = 1, str(refused).encode()
            connection.sendall(HEADER.pack(status, 0, 0, len(answer)) + answer)
