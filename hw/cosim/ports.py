"""The accelerator's ports, driven by hand: what serving does for each beat, and no more."""

from __future__ import annotations

import ctypes
import os
from typing import Any

from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from edge_adapt.records import Array
import numpy as np

from hw.cosim.driver import RefusedError
from hw.registers import registers

MAX_CYCLES = 25_000_000  # of frames sent together: 200 ms of simulated time

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
        self.n_value_words = int(os.environ['N_VALUE_WORDS'])
        self._serve_frames = ctypes.CDLL(None).serve_frames
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

    async def frames(self, words: bytes, users: Array) -> tuple[Array, Array, bytes]:
        """
        Run frames, each with its tuser (n,), all by one call (serving.cpp).

        Returns logits (n, n_classes), the results' tuser (n,), and the words of hidden values of
        the frames that asked for them. Raises RefusedError where they take too long.
        """
        await self.falling  # what was written to the ports until now is there
        n_frames, users = len(users), np.ascontiguousarray(users, np.uint16)
        n_rows = self.n_value_words * int((users >> 1 & 1).sum())
        logits = np.zeros((n_frames, self.n_classes), np.int32)
        origins = np.zeros(n_frames, np.uint16)
        rows = ctypes.create_string_buffer(n_rows * self.n_lane_bytes + 1)
        n_answered = self._serve_frames(
            n_frames,
            self.n_frame_words,
            words,
            users.ctypes,
            n_rows,
            logits.ctypes,
            origins.ctypes,
            rows,
            ctypes.c_long(MAX_CYCLES),
        )
        if n_answered < n_frames:
            raise RefusedError(f'{n_answered} of {n_frames} frames within {MAX_CYCLES} cycles')
        return logits, origins, rows.raw[:-1]
