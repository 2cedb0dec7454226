"""
Runs in the simulator: answers requests on a socket by driving the accelerator's ports.

While no request is there the simulated time stands still. Ports are driven on the falling edge
and results waited for by their own edge: nothing in Python runs every cycle of an inference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
import json
import os
import socket
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge, Timer, with_timeout
from edge_adapt.engines._simulator import HEADER, Operation, receive

from hw.cosim.driver import CLOCK_NS, ERRORS, RefusedError
from hw.cosim.ports import Ports

DEADLINE_MS = 200  # of simulated time: no operation takes that long
POLL_NS = 1000 * CLOCK_NS  # between two looks at a unit that learns
Work = Callable[[int, bytes], Awaitable[bytes | None]]  # flags and body -> the answer
STATUS = ('es_status', 'stat_status')  # by Unit


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
        for name in STATUS:  # either unit may take the words
            await self._idle(name)

    async def _store(self, flags: int, body: bytes) -> bytes:
        return await self._packet('es')

    async def _wait(self, flags: int, body: bytes) -> None:
        await self._idle(STATUS[flags])

    def _frames(self, body: bytes) -> list[list[int]]:
        n_bytes = self._ports.n_lane_bytes
        n_frame_bytes = n_bytes * self._ports.n_frame_words
        return [
            [
                int.from_bytes(body[k : k + n_bytes], 'big')
                for k in range(i, i + n_frame_bytes, n_bytes)
            ]
            for i in range(0, len(body), n_frame_bytes)
        ]

    async def _capture(self, flags: int, body: bytes) -> None:
        """Run frames that become samples of the labels before them."""
        n_frames = int.from_bytes(body[:4], 'little')
        labels, frames = body[4 : 4 + n_frames], self._frames(body[4 + n_frames :])
        for label, frame in zip(labels, frames, strict=True):
            self._ports.dut.s_axis_pixels_tuser.value = 4 | label << 3
            await self._ports.send('pixels', frame)
            await self._ports.receive('result')

    async def _infer(self, flags: int, body: bytes) -> bytes:
        """Run frames: the next one is sent while one runs, as the frame buffer holds two."""
        ports, n_bytes = self._ports, self._ports.n_lane_bytes
        frames = self._frames(body)
        logits: list[bytes] = []
        banks, bits = bytearray(), list[bytes]()
        ports.dut.s_axis_pixels_tuser.value = flags
        await ports.send('pixels', frames[0])
        for following in [*frames[1:], None]:
            if following is not None:
                await ports.send('pixels', following)
            if not bool(ports.dut.m_axis_result_tvalid.value):
                await RisingEdge(ports.dut.m_axis_result_tvalid)
                await ports.falling
            banks.append(int(ports.dut.m_axis_result_tuser.value) & 1)
            beat, _ = await ports.receive('result')
            words = beat.to_bytes(4 * ports.n_classes, 'big')
            logits.extend(words[k : k + 4] for k in range(len(words) - 4, -1, -4))
            is_last = not flags & 2
            while not is_last:
                row, is_last = await ports.receive('bits')
                bits.append(row.to_bytes(n_bytes, 'big'))
        return b''.join([*logits, banks, *bits])

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
                work = cocotb.start_soon(server.answer(operation, flags, body))
                answer = await with_timeout(work, DEADLINE_MS, 'ms')
            except RefusedError as refused:
                status, answer = 1, str(refused).encode()
            connection.sendall(HEADER.pack(status, 0, 0, len(answer)) + answer)
