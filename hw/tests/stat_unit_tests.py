"""In the simulator: moments, thresholds and the distance, of sums of any size."""

from __future__ import annotations

import cocotb
from edge_adapt.updaters._integer_statistics import range_thresholds
import numpy as np

from hw.tests.clocked import parameter, pass_by, pulse, reset, signed

N_NEURONS, N_FIRST = parameter('NNeurons', 16), parameter('NFirst', 15)
ACC_BITS, WINDOW_BITS = parameter('AccBits', 21), parameter('WindowBits', 12)
INPUTS = (
    *('valid', 'last', 'reached', 'sum', 'run', 'load', 'store', 'rate', 'start'),
    *('last_frame', 'window', 'bit', 's_valid', 's_data', 's_last', 'm_ready'),
)
LOG2_WINDOWS = (0, 1, 4, 8, WINDOW_BITS, WINDOW_BITS, 0) if N_NEURONS < 1000 else (0, 0)


class Unit:
    def __init__(self, dut, seed):
        self.dut, self.rng = dut, np.random.default_rng(seed)

    async def reset(self):
        self.falling = await reset(self.dut, *INPUTS)

    async def load(self, wanted, slopes):
        dut = self.dut
        await pulse(dut, 'load')
        dut.s_valid_i.value = 1
        for place, (n, slope) in enumerate(zip(wanted, slopes, strict=True)):
            dut.s_data_i.value = int(n) << 16 | int(slope) & 0xFFFF
            dut.s_last_i.value = int(place == N_NEURONS - 1)
            await self.falling
        dut.s_valid_i.value = 0

    async def window(self, log2, sums, reached):
        dut = self.dut
        dut.window_i.value, dut.last_frame_i.value = log2, len(sums) - 1
        dut.bit_i.value = int(self.rng.integers(0, 32))  # of the search by rate alone
        await pulse(dut, 'run')
        dut.valid_i.value = 1
        mask = (1 << ACC_BITS) - 1
        for row, hits in zip((sums & mask).tolist(), reached.tolist(), strict=True):
            for neuron, (value, hit) in enumerate(zip(row, hits, strict=True)):
                dut.sum_i.value, dut.reached_i.value = value, hit
                dut.last_i.value = int(neuron == N_NEURONS - 1)
                await self.falling
        dut.valid_i.value = 0
        while bool(dut.busy_o.value):
            await pass_by(dut, 50)

    async def table(self):
        """Return (n_neurons, 6) words."""
        await pulse(self.dut, 'store')
        self.dut.m_ready_i.value, words, last = 1, [], False
        while not last:
            if bool(self.dut.m_valid_o.value):
                words.append(signed(int(self.dut.m_data_o.value), 32))
                last = bool(self.dut.m_last_o.value)
            await self.falling
        self.dut.m_ready_i.value = 0
        return np.array(words, np.int64).reshape(-1, 6)


@cocotb.test()
async def a_window_gives_moments_thresholds_and_a_distance(dut):
    unit = Unit(dut, 1)
    await unit.reset()
    rng, limit = unit.rng, 1 << ACC_BITS - 1
    for turn, log2 in enumerate(LOG2_WINDOWS):
        shape = (1 << log2, N_NEURONS)
        sums = rng.integers(-limit, limit, shape)
        if turn % 2:
            sums[:, ::3] = rng.choice([-limit, limit - 1], sums[:, ::3].shape)
        reached = rng.random(shape) < rng.random(N_NEURONS)
        # All and none of the longest windows, one after the other
        if log2 == WINDOW_BITS:
            reached[:, turn % 2 :: 2] = True
            reached[:, 1 - turn % 2 :: 2] = False
        wanted = rng.choice([0, 0xFFFF, 0x5555, 0xAAAA], N_NEURONS)
        if turn == 0:
            wanted[:] = 0xFFFF
        slopes = rng.integers(-32767, 32768, N_NEURONS)
        await unit.load(wanted, slopes)
        await unit.window(log2, sums, reached)
        distance = np.abs(reached.sum(axis=0) - wanted)[:N_FIRST].sum()
        assert int(dut.distance_o.value) == distance, log2
        table = await unit.table()
        totals = (table[:, 0] << 32) + (table[:, 1] & 0xFFFFFFFF)
        np.testing.assert_array_equal(totals, sums.sum(axis=0))
        np.testing.assert_array_equal(table[:, 2], sums.min(axis=0))
        np.testing.assert_array_equal(table[:, 3], sums.max(axis=0))
        np.testing.assert_array_equal(table[:, 4], reached.sum(axis=0))
        np.testing.assert_array_equal(table[:, 5], range_thresholds(sums, slopes))
