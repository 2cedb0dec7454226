"""In the simulator: the words of a frame that wanted them come out in order, once."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tests.clocked import parameter, pulse, reset

LANES, N_WORDS = parameter('Lanes', 32), parameter('NWords', 4)
INPUTS = ('frame_begin', 'frame_done', 'wanted', 'word_valid', 'word', 'm_ready')


@cocotb.test()
async def words_come_out_of_frames_that_want_them(dut):
    falling, rng = await reset(dut, *INPUTS), np.random.default_rng(1)
    for frame in range(12):
        await pulse(dut, 'frame_begin')
        words = [int(word) for word in rng.integers(0, 1 << LANES, N_WORDS)]
        for word in words:
            dut.word_i.value = word
            await pulse(dut, 'word_valid')
        dut.wanted_i.value = frame % 4 != 3
        await pulse(dut, 'frame_done')
        for place, word in enumerate(words if frame % 4 != 3 else []):
            for _ in range(int(rng.integers(0, 3))):
                await falling
            assert bool(dut.m_valid_o.value)
            assert bool(dut.busy_o.value)
            assert int(dut.m_data_o.value) == word
            assert bool(dut.m_last_o.value) == (place == N_WORDS - 1)
            await pulse(dut, 'm_ready')
        assert not bool(dut.m_valid_o.value)
        assert not bool(dut.busy_o.value)
