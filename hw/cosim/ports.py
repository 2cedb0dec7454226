"""The accelerator's ports, driven by hand: what serving does for each beat, and no more."""

from __future__ import annotations

import os
from typing import Any

from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge

from hw.cosim.driver import RefusedError
from hw.registers import registers

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
        self.n_frame_words = int(os.environ['N_FRAME_WORDS'])
        self.readable = [entry['name'] for entry in registers() if 'r' in entry['access']]

    async def reset(self) -> None:
        """Reset; the clock runs already (serving.cpp)."""
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
