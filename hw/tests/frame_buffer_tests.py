"""In the simulator: whole frames are kept, two at a time, and what is none is told."""

from __future__ import annotations

import cocotb
from cocotb.triggers import ReadOnly
import numpy as np

from hw.tests.clocked import parameter, pulse, reset

LANES, N_BEATS = parameter('Lanes', 64), parameter('NBeats', 2)
INPUTS = ('s_valid', 's_data', 's_last', 's_user', 'release', 'addr')
USER_BITS = 12


class Unit:
    def __init__(self, dut):
        self.dut, self.rng = dut, np.random.default_rng(1)

    async def reset(self):
        self.falling = await reset(self.dut, *INPUTS)

    def frame(self, n_beats=N_BEATS):
        words = [int.from_bytes(self.rng.bytes(LANES // 8), 'big') for _ in range(n_beats)]
        return words, int(self.rng.integers(0, 1 << USER_BITS))

    async def send(self, words, user):
        """Send a packet and return whether it was refused."""
        dut = self.dut
        for place, word in enumerate(words):
            dut.s_valid_i.value, dut.s_data_i.value, dut.s_user_i.value = 1, word, user
            dut.s_last_i.value = int(place == len(words) - 1)
            await ReadOnly()
            assert bool(dut.s_ready_o.value)
            refused = bool(dut.refused_o.value)
            await self.falling
        dut.s_valid_i.value = 0
        return refused

    async def check(self, words, user):
        assert bool(self.dut.frame_valid_o.value)
        assert int(self.dut.frame_user_o.value) == user
        for place, word in enumerate(words):
            self.dut.addr_i.value = place
            await self.falling
            assert int(self.dut.rdata_o.value) == word
        await pulse(self.dut, 'release')


@cocotb.test()
async def frames_are_kept_two_at_a_time(dut):
    unit = Unit(dut)
    await unit.reset()
    for _ in range(40):
        frames = [unit.frame(), unit.frame()]
        for frame in frames:
            assert not await unit.send(*frame)
        await ReadOnly()
        assert not bool(dut.s_ready_o.value), 'there was room for a third'
        await unit.falling
        for frame in frames:
            await unit.check(*frame)
        assert not bool(dut.frame_valid_o.value)


@cocotb.test()
async def what_is_no_frame_is_refused(dut):
    unit = Unit(dut)
    await unit.reset()
    for n_beats in (N_BEATS - 1, N_BEATS + 1, 2 * N_BEATS, 2 * N_BEATS + 1):
        assert await unit.send(*unit.frame(n_beats)), n_beats
        assert not bool(dut.frame_valid_o.value)
        frame = unit.frame()
        assert not await unit.send(*frame)
        await unit.check(*frame)
