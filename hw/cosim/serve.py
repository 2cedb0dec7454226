"""
Runs in the simulator: answers requests on a socket by driving the accelerator's ports.

While no request is there the simulated time stands still. Ports are driven on the falling edge
and results waited for by their own edge: nothing in Python runs every cycle of an inference.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout
from edge_adapt.engines._simulator import HEADER, Operation, receive

from hw.cosim.driver import CLOCK_NS, ERRORS, RefusedError
from hw.registers import registers

DEADLINE_MS = 200  # of simulated time: no operation takes that long
IDLE = (
    's_axil_awvalid',
    's_axil_wvalid',
    's_axil_arvalid',
    's_axil_bready',
    's_axil_rready',
    's_axis_pixels_tvalid',
    's_axis_param_tvalid',
    's_axis_es_tvalid',
    'm_axis_result_tready',
    'm_axis_bits_tready',
    'm_axis_param_tready',
    'm_axis_es_tready',
)


class Ports:
    """The accelerator's ports. Every method begins and ends on a falling edge."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.falling = FallingEdge(dut.clk_i)
        self.n_lane_bytes = len(dut.s_axis_pixels_tdata) // 8
        self.n_classes = len(dut.m_axis_result_tdata) // 32
        self.addresses = {entry['name']: entry['address'] for entry in registers()}
        self.readable = [entry['name'] for entry in registers() if 'r' in entry['access']]

    async def reset(self) -> None:
        Clock(self.dut.clk_i, CLOCK_NS, 'ns').start()
        for name in IDLE:
            getattr(self.dut, name).value = 0
        self.dut.s_axil_wstrb.value = 15
        self.dut.rst_ni.value = 0
        await ClockCycles(self.dut.clk_i, 4)
        self.dut.rst_ni.value = 1
        await self.falling

    async def write(self, name: str, value: int) -> None:
        dut = self.dut
        dut.s_axil_awaddr.value = self.addresses[name]
        dut.s_axil_wdata.value = value
        dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = dut.s_axil_bready.value = 1
        await self.falling
        response = int(dut.s_axil_bresp.value)
        dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = 0
        await self.falling
        if response:
            raise RefusedError(f'{name} = {value}')

    async def read(self, name: str) -> int:
        dut = self.dut
        dut.s_axil_araddr.value = self.addresses[name]
        dut.s_axil_arvalid.value = dut.s_axil_rready.value = 1
        await self.falling
        value = int(dut.s_axil_rdata.value)
        dut.s_axil_arvalid.value = 0
        await self.falling
        return value

    async def send(self, stream: str, beats: list[int], *, last: bool = True) -> None:
        """Offer beats to stream s_axis_<stream>, and leave it idle."""
        data, valid, ready, tlast = (
            getattr(self.dut, f's_axis_{stream}_t{part}')
            for part in ('data', 'valid', 'ready', 'last')
        )
        valid.value = 1
        for index, beat in enumerate(beats):
            data.value = beat
            tlast.value = int(last and index == len(beats) - 1)
            taken = False
            while not taken:  # ready comes from a register: it holds until the rising edge
                taken = bool(ready.value)
                await self.falling
        valid.value = 0

    async def receive(self, stream: str) -> tuple[int, bool]:
        """Return the next beat of stream m_axis_<stream>, and whether it is a packet's last."""
        data, valid, ready, tlast = (
            getattr(self.dut, f'm_axis_{stream}_t{part}')
            for part in ('data', 'valid', 'ready', 'last')
        )
        if not bool(valid.value):
            await RisingEdge(valid)
            await self.falling
        beat = int(data.value), bool(tlast.value)
        ready.value = 1
        await self.falling
        ready.value = 0
        return beat


class Server:
    """Answers one request after the other."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def answer(self, operation: int, flags: int, body: bytes) -> bytes:
        """Return the answer; RefusedError with the reason where there is none."""
        match operation:
            case Operation.INFER:
                return await self._infer(flags, body)
            case Operation.BEGIN_IMAGE:
                await self._ports.write('bank_write', flags)
            case Operation.IMAGE:
                await self._image(flags, body)
            case Operation.SELECT:
                await self._ports.write('bank_select', flags)
            case Operation.READ_IMAGE:
                return await self._read_image(flags)
            case Operation.REGISTERS:
                values = {name: await self._ports.read(name) for name in self._ports.readable}
                return json.dumps(values).encode()
            case _:
                raise RefusedError(f'there is no operation {operation}')
        return b''

    async def _infer(self, flags: int, body: bytes) -> bytes:
        """Run frames: the next one is sent while one runs, as the frame buffer holds two."""
        ports, n_bytes = self._ports, self._ports.n_lane_bytes
        n_frame_bytes = n_bytes * ports.n_frame_words
        frames = [
            [
                int.from_bytes(body[k : k + n_bytes], 'big')
                for k in range(i, i + n_frame_bytes, n_bytes)
            ]
            for i in range(0, len(body), n_frame_bytes)
        ]
        logits, banks, bits = [], bytearray(), []
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
        words = [int.from_bytes(body[k : k + 4], 'big') for k in range(0, len(body), 4)]
        await ports.send('param', words, last=bool(flags))
        if not flags:
            return
        while (status := await ports.read('bank_status')) >> 5 & 1:
            await ports.falling
        if status >> 8 & 7:
            raise RefusedError(f'the image is wrong: {ERRORS[status >> 8 & 7]}')

    async def _read_image(self, bank: int) -> bytes:
        await self._ports.write('bank_read', bank)
        words, is_last = [], False
        while not is_last:
            word, is_last = await self._ports.receive('param')
            words.append(word.to_bytes(4, 'big'))
        return b''.join(words)


@cocotb.test()
async def serve(dut: Any) -> None:
    """Answer until the other side closes."""
    ports = Ports(dut)
    ports.n_frame_words = int(os.environ['N_FRAME_WORDS'])
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
