"""In the simulator: values are kept, and moved as an update says."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tests.clocked import parameter, reset, signed

N_CLASSES, N_FEATURES = parameter('NClasses', 10), parameter('NFeatures', 40)
N_DIRECTIONS = parameter('NDirections', 2)
INPUTS = (
    *('feature', 'bias_row', 'class', 'take', 'word', 'bias_class', 'update'),
    *('positive', 'negative', 'directions', 'shift'),
)
LIMIT = 127 * 256
READ_LATENCY = 3


def moved(value, votes, shift, is_bias):
    """Return what an update makes of a value."""
    if is_bias:
        return signed(value - (votes << shift), 32)
    return max(-LIMIT, min(LIMIT, value - (votes << shift)))


def votes_of(directions, positive, negative):
    bits = [
        (word >> p & 1) for p in range(N_DIRECTIONS) for word in (directions, positive, negative)
    ]
    triples = zip(bits[::3], bits[1::3], bits[2::3], strict=True)
    return sum((1 if b else -1) * (plus - minus) for b, plus, minus in triples)


class Unit:
    def __init__(self, dut):
        self.dut, self.rng = dut, np.random.default_rng(1)
        self.table = {}

    async def reset(self):
        self.falling = await reset(self.dut, *INPUTS)

    async def at(self, feature, place):
        self.dut.feature_i.value, self.dut.class_i.value = feature, place
        self.dut.bias_row_i.value = int(feature == N_FEATURES)
        self.dut.bias_class_i.value = place

    async def write(self, feature, place, value):
        await self.at(feature, place)
        self.dut.word_i.value, self.dut.take_i.value = value & 0xFFFFFFFF, 1
        await self.falling
        self.dut.take_i.value = 0
        self.table[feature, place] = value

    async def read(self, feature, place):
        await self.at(feature, place)
        for _ in range(READ_LATENCY + 1):
            await self.falling
        return signed(int(self.dut.value_o.value), 32)

    async def fill(self):
        for feature in range(N_FEATURES + 1):
            for place in range(N_CLASSES):
                limit = 1 << 31 if feature == N_FEATURES else LIMIT + 1
                await self.write(feature, place, int(self.rng.integers(1 - limit, limit)))


@cocotb.test()
async def values_read_back(dut):
    unit = Unit(dut)
    await unit.reset()
    for _ in range(2):
        await unit.fill()
        for (feature, place), value in unit.table.items():
            assert await unit.read(feature, place) == value, (feature, place)


@cocotb.test()
async def an_update_moves_one_value(dut):
    unit = Unit(dut)
    await unit.reset()
    await unit.fill()
    most = (1 << N_DIRECTIONS) - 1
    for turn in range(600):
        feature = N_FEATURES if turn % 3 == 0 else int(unit.rng.integers(0, N_FEATURES))
        place, shift = (int(unit.rng.integers(0, n)) for n in (N_CLASSES, 32))
        directions, sign, both = (int(unit.rng.integers(0, most + 1)) for _ in range(3))
        positive, negative = sign & both, ~sign & both & most
        assert await unit.read(feature, place) == unit.table[feature, place], turn
        dut.positive_i.value, dut.negative_i.value = positive, negative
        dut.directions_i.value, dut.shift_i.value = directions, shift
        dut.update_i.value = 1
        await unit.falling
        dut.update_i.value = 0
        await unit.falling
        await unit.falling
        votes = votes_of(directions, positive, negative)
        value = unit.table[feature, place]
        unit.table[feature, place] = moved(value, votes, shift, feature == N_FEATURES)
        assert await unit.read(feature, place) == unit.table[feature, place], turn
    for (feature, place), value in unit.table.items():
        assert await unit.read(feature, place) == value
