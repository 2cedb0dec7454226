"""In the simulator: descent on the head's multipliers equals its integers, while frames go on."""

from __future__ import annotations

import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge
from edge_adapt.updaters._integer_sgd import descend, IntegerHead, LIMIT
import numpy as np

N_CLASSES = int(os.environ.get('N_CLASSES', '10'))
N_FEATURES = int(os.environ.get('N_FEATURES', '32'))
N_STEPS = int(os.environ.get('N_STEPS', '220'))
BIAS_BITS = int(os.environ.get('BIAS_BITS', '16'))
INPUTS = (
    *('clear', 'valid', 'finish', 'm_ready', 'row_we', 'biases_we', 'register_we', 's_valid'),
    *('feature', 'weights', 'bias', 'row_addr', 'shift', 'rate'),
)


def joined(values, n_bits):
    """Return numbers side by side, the first in the low bits."""
    return sum((int(value) & (1 << n_bits) - 1) << n_bits * j for j, value in enumerate(values))


def parted(word, n_bits, n):
    """Return the n signed numbers that lie side by side."""
    values = [word >> n_bits * j & (1 << n_bits) - 1 for j in range(n)]
    return [value - (value >> n_bits - 1 << n_bits) for value in values]


class Unit:
    """The head behind its ports."""

    def __init__(self, dut):
        self.dut, self.falling = dut, FallingEdge(dut.clk_i)

    async def reset(self):
        Clock(self.dut.clk_i, 8, 'ns').start()
        for name in INPUTS:
            getattr(self.dut, f'{name}_i').value = 0
        self.dut.rst_ni.value = 0
        await ClockCycles(self.dut.clk_i, 4)
        self.dut.rst_ni.value = 1
        await self.falling

    async def load(self, head):
        dut = self.dut
        dut.row_we_i.value = 1
        for feature in range(N_FEATURES):
            dut.row_addr_i.value = feature
            dut.row_wdata_i.value = joined(head.values[:, feature], 16)
            await self.falling
        dut.row_we_i.value = 0
        dut.biases_i.value, dut.register_i.value = joined(head.biases, BIAS_BITS), head.register
        dut.biases_we_i.value = dut.register_we_i.value = 1
        await self.falling
        dut.biases_we_i.value = dut.register_we_i.value = 0
        await self.falling

    async def step(self, levels, label):
        dut = self.dut
        for level in levels:
            dut.s_valid_i.value = 1
            dut.s_level_i.value, dut.s_label_i.value = int(level) & 255, int(label)
            while not bool(dut.s_ready_o.value):
                await self.falling
            await self.falling
            dut.s_valid_i.value = 0
        while bool(dut.busy_o.value):
            await self.falling

    async def head(self):
        columns = []
        for feature in range(N_FEATURES):
            self.dut.row_addr_i.value = feature
            await self.falling
            columns.append(parted(int(self.dut.row_rdata_o.value), 16, N_CLASSES))
        biases = parted(int(self.dut.biases_o.value), BIAS_BITS, N_CLASSES)
        return IntegerHead(np.array(columns).T, np.array(biases), int(self.dut.register_o.value))


def samples(seed):
    """Return levels (n, n_features), some of them extreme, that carry their class, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, N_CLASSES, N_STEPS)
    centres = rng.integers(-127, 128, (N_CLASSES, N_FEATURES))
    levels = centres[labels] + rng.integers(-60, 61, (N_STEPS, N_FEATURES))
    levels[::7] = rng.choice([-127, 127], (len(levels[::7]), N_FEATURES))
    return levels.clip(-127, 127).astype(np.int8), labels


def some_head(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(-LIMIT, LIMIT + 1, (N_CLASSES, N_FEATURES))
    values[:, :2] = -LIMIT, LIMIT
    limit = 1 << BIAS_BITS - 1
    return IntegerHead(values, rng.integers(-limit, limit, N_CLASSES), 0x12345678 + seed)


def assert_equal(mine, expected, where):
    np.testing.assert_array_equal(mine.values, expected.values, where)
    np.testing.assert_array_equal(mine.biases, expected.biases, where)
    assert mine.register == expected.register, where


@cocotb.test()
@cocotb.parametrize(rate=[0, 6, 15], shift=[0, 9])
async def steps_equal_their_integers(dut, rate, shift):
    unit, head = Unit(dut), some_head(rate + shift)
    await unit.reset()
    await unit.load(head)
    dut.rate_i.value, dut.shift_i.value = rate, shift
    every = 1 if rate == 6 else 10
    for index, (levels, label) in enumerate(zip(*samples(rate), strict=True)):
        head = descend(head, levels, int(label), shift, rate, BIAS_BITS)
        await unit.step(levels, label)
        if index % every == 0:
            assert_equal(await unit.head(), head, f'{index}')
    assert_equal(await unit.head(), head, 'end')
    assert int(dut.steps_o.value) == N_STEPS
    if rate == 0:
        limit = (1 << BIAS_BITS - 1) - 1
        assert np.abs(head.values).max() == LIMIT, 'no weight saturated'
        assert head.biases.max() == limit or head.biases.min() == -limit - 1, 'no bias saturated'


@cocotb.test()
async def frames_are_answered_while_it_learns(dut):
    unit, head = Unit(dut), some_head(1)
    rng = np.random.default_rng(3)
    await unit.reset()
    await unit.load(head)
    dut.rate_i.value, dut.shift_i.value = 7, 8
    weights = rng.integers(-128, 128, (N_CLASSES, N_FEATURES))
    frames = rng.integers(-127, 128, (40, N_FEATURES))
    biases = rng.integers(-(1 << 31), 1 << 31, len(frames))  # one for all classes
    answers = []

    async def answer():
        for frame, bias in zip(frames, biases, strict=True):
            dut.bias_i.value = int(bias) & 0xFFFFFFFF
            dut.clear_i.value = 1
            await unit.falling
            dut.clear_i.value = 0
            for feature in range(N_FEATURES):
                for _ in range(int(rng.integers(0, 4))):
                    await unit.falling
                dut.valid_i.value, dut.feature_i.value = 1, int(frame[feature]) & 255
                column = np.append(weights[:, feature], np.zeros(-N_CLASSES % 4, int))
                groups = column.reshape(-1, 4)[:, ::-1].reshape(-1)
                dut.weights_i.value = joined(groups, 8)
                await unit.falling
                dut.valid_i.value = 0
            await unit.falling
            dut.finish_i.value = 1
            await unit.falling
            dut.finish_i.value = 0
            while not bool(dut.m_valid_o.value):
                await unit.falling
            answers.append(parted(int(dut.m_logits_o.value), 32, N_CLASSES))
            dut.m_ready_i.value = 1
            await unit.falling
            dut.m_ready_i.value = 0

    running = cocotb.start_soon(answer())
    for levels, label in list(zip(*samples(5), strict=True))[:40]:
        head = descend(head, levels, int(label), 8, 7, BIAS_BITS)
        await unit.step(levels, label)
    await running
    assert_equal(await unit.head(), head, 'end')
    wanted = (frames @ weights.T + biases[:, None]).astype(np.int32)
    np.testing.assert_array_equal(answers, wanted)


# Icarus gets a netlist in which the counter has no name of its own.
@cocotb.test(skip='Icarus' in cocotb.SIM_NAME)
async def steps_are_counted_in_32_bits(dut):
    unit, head = Unit(dut), some_head(2)
    await unit.reset()
    await unit.load(head)
    levels, labels = samples(1)
    for value in (0, 0xFFFF, 0xFFFFFFFF, 0x7FFFFFFF, 0x55555555, 0xAAAAAAAA):
        dut.gen_sgd.u_sgd.steps_o.value = value
        await unit.step(levels[0], labels[0])
        assert int(dut.steps_o.value) == value + 1 & 0xFFFFFFFF
