"""In the simulator: the learning unit equals row_es, generation by generation."""

from __future__ import annotations

import os
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge
from edge_adapt.bits import pack_signs
from edge_adapt.records import Samples
from edge_adapt.updaters.row_es import LONG, RowEs, SHORT
import numpy as np

from hw.tests.networks import levels_network_of, network_of, random_weights

N_FEATURES = int(os.environ.get('N_FEATURES', '40'))
N_SAMPLES = int(os.environ.get('N_SAMPLES', '64'))
LANES = int(os.environ.get('LANES', '32'))
N_GENERATIONS = int(os.environ.get('N_GENERATIONS', '64'))
VALUE_BITS = int(os.environ.get('VALUE_BITS', '1'))
NETWORK = network_of((8, N_FEATURES), 1) if VALUE_BITS == 1 else levels_network_of((8, N_FEATURES))
N_WORDS = -(-N_FEATURES * VALUE_BITS // LANES)
LIMIT = 127 * 256  # of a weight's value


class Objective:
    """Features as they are given; counts nothing."""

    def __init__(self, features, network=NETWORK):
        self._features, self.network = features, network

    def value(self, weights, images, layer):
        return self._features

    def spend(self, n_evaluations):
        pass


class Unit:
    """The learning unit behind its streams."""

    def __init__(self, dut):
        self.dut = dut
        self.falling = FallingEdge(dut.clk_i)

    async def reset(self):
        Clock(self.dut.clk_i, 8, 'ns').start()
        for name in [
            'sample_clear',
            'sample_valid',
            'load',
            'store',
            's_valid',
            'm_ready',
            'register_we',
            'run',
        ]:
            getattr(self.dut, f'{name}_i').value = 0
        self.dut.rst_ni.value = 0
        await ClockCycles(self.dut.clk_i, 4)
        self.dut.rst_ni.value = 1
        await self.falling

    async def pulse(self, name):
        getattr(self.dut, f'{name}_i').value = 1
        await self.falling
        getattr(self.dut, f'{name}_i').value = 0

    async def capture(self, features, labels):
        """Write the samples as the engine does: the words of each, the label with the last."""
        await self.pulse('sample_clear')
        dut, n_bytes = self.dut, LANES // 8
        packed = pack_signs(features) if VALUE_BITS == 1 else features.view(np.uint8)
        packed = np.pad(packed, ((0, 0), (0, -packed.shape[1] % n_bytes)))
        for row, label in zip(packed, labels, strict=True):
            dut.sample_label_i.value = int(label)
            for at in range(0, len(row), n_bytes):
                word = int.from_bytes(row[at : at + n_bytes].tobytes(), 'big')
                await self.tap(word, is_last=at + n_bytes == len(row))
            await self.falling

    async def tap(self, word, is_last):
        """Give a word of a sample."""
        dut = self.dut
        dut.sample_valid_i.value = 1
        dut.sample_word_i.value = word
        dut.sample_last_i.value = int(is_last)
        await self.falling
        dut.sample_valid_i.value = 0

    async def load(self, region, values):
        self.dut.region_i.value = region
        await self.pulse('load')
        self.dut.s_valid_i.value = 1
        for index, value in enumerate(values):
            self.dut.s_data_i.value = int(value) & 0xFFFFFFFF
            self.dut.s_last_i.value = int(index == len(values) - 1)
            await self.falling
        self.dut.s_valid_i.value = 0

    async def values(self):
        """Return V (n_classes, n_features + 1)."""
        await self.pulse('store')
        words, last = [], False
        while not last:
            await self.falling
            if bool(self.dut.m_valid_o.value):
                words.append(int(self.dut.m_data_o.value))
                last = bool(self.dut.m_last_o.value)
                await self.pulse('m_ready')
        table = np.array(words, np.uint32).view(np.int32).astype(np.int64)
        return table.reshape(N_FEATURES + 1, -1).T

    async def run(self, n_generations):
        self.dut.n_generations_i.value = n_generations
        await self.pulse('run')
        while bool(self.dut.busy_o.value):
            await self.falling

    async def prepare(self, task, run, batch_size):
        await self.load(0, run.values.T.reshape(-1))
        await self.load(1, task.mean)
        self.dut.register_i.value = int(run.register)
        await self.pulse('register_we')
        self.dut.shift_i.value = task.shift & 31
        self.dut.stride_i.value = task.stride
        self.dut.n_batch_i.value = batch_size


def problem(seed, scale, batch_size, n_evaluations=10**5):
    """Return features that carry their class, the updater and its task."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, N_SAMPLES)
    centres = rng.choice([-1, 1], (10, N_FEATURES))
    flips = rng.random((N_SAMPLES, N_FEATURES)) < 0.2
    features = np.where(flips, -1, 1) * centres[labels]
    if VALUE_BITS > 1:
        features *= rng.integers(0, 128, features.shape)
    features[:, 0] = features.max()  # a feature that never changes: its mean is the highest
    features[:, 1] = features.min()
    weights = random_weights(NETWORK, seed)
    weights = weights.replace({'head.scale': np.asarray(scale, np.float32)})
    features = features.astype(np.int8)
    images = np.zeros((N_SAMPLES, *NETWORK.input_shape), np.uint8)
    updater = RowEs(seed, n_evaluations, batch_size=batch_size, n_generations_a_turn=1)
    objective: Any = Objective(features)
    task = updater.prepare(objective, weights, Samples(images, labels))
    return features, labels, updater, task


@cocotb.test()
@cocotb.parametrize(scale=[1 / 256, 1 / 16, 1 / 2048])
async def generations_equal_row_es(dut, scale):
    features, labels, updater, task = problem(3, scale, batch_size=16)
    run = updater.start(task)
    unit = Unit(dut)
    await unit.reset()
    await unit.capture(features, labels)
    assert int(dut.n_samples_o.value) == N_SAMPLES
    await unit.prepare(task, run, batch_size=16)
    n_generations = N_GENERATIONS if scale == 1 / 256 else N_GENERATIONS // 8
    schedule = np.array(SHORT if task.n_generations * 80 <= 500_000 else LONG)
    for generation in range(n_generations):
        step = schedule[int(generation / task.n_generations * len(schedule))]
        run = updater.step(task, run)
        await unit.load(2, run.order[run.at - 16 : run.at])
        dut.step_i.value = int(np.log2(step))
        await unit.run(1)
        assert int(dut.register_o.value) == run.register, generation
        np.testing.assert_array_equal(await unit.values(), run.values, f'{generation}')


@cocotb.test()
async def a_run_of_many_generations_is_those_one_by_one(dut):
    features, labels, updater, task = problem(5, 1 / 256, batch_size=8)
    run = updater.start(task)
    unit = Unit(dut)
    await unit.reset()
    await unit.capture(features, labels)
    await unit.prepare(task, run, batch_size=8)
    await unit.load(2, run.order)
    dut.step_i.value = 8
    n_generations = N_SAMPLES // 8
    for _ in range(n_generations):
        run = updater.step(task, run)
    await unit.run(n_generations)
    np.testing.assert_array_equal(await unit.values(), run.values)
    assert int(dut.generations_o.value) == n_generations


@cocotb.test(skip=N_WORDS == 1)
@cocotb.parametrize(with_a_word=[False, True])
async def a_frame_that_a_clear_cuts_is_no_sample(dut, with_a_word):
    unit = Unit(dut)
    await unit.reset()
    if with_a_word:
        dut.sample_clear_i.value = 1
        await unit.tap(1, is_last=False)
        dut.sample_clear_i.value = 0
    else:
        await unit.tap(1, is_last=False)
        await unit.pulse('sample_clear')
    for _ in range(N_WORDS - 2):
        await unit.tap(1, is_last=False)
    await unit.tap(1, is_last=True)
    assert int(dut.n_samples_o.value) == 0
    for word in range(N_WORDS):
        await unit.tap(1, is_last=word == N_WORDS - 1)
    assert int(dut.n_samples_o.value) == 1


@cocotb.test()
async def values_and_means_of_any_size_move_as_row_es_moves_them(dut):
    features, labels, updater, task = problem(7, 1 / 256, batch_size=4)
    rng, most = np.random.default_rng(2), 16 if VALUE_BITS == 1 else 127
    unit = Unit(dut)
    await unit.reset()
    for turn in range(24):
        await unit.capture(features, labels)
        run = updater.start(task)
        mean = rng.integers(-most, most + 1, N_FEATURES).astype(np.int16)
        mean[turn % 5 :: 5] = (0, -most, most, -1)[turn % 4]
        task = task._replace(mean=mean)
        values = rng.integers(-LIMIT, LIMIT + 1, run.values.shape)
        values[:, -1] = rng.integers(-(1 << 21), 1 << 21, len(values))
        run = run._replace(values=values, register=int(rng.integers(1, 1 << 32)))
        await unit.prepare(task, run, batch_size=4)
        run = updater.step(task, run)
        await unit.load(2, run.order[run.at - 4 : run.at])
        dut.step_i.value = 8
        await unit.run(1)
        np.testing.assert_array_equal(await unit.values(), run.values, f'{turn}')


@cocotb.test()
async def a_sample_keeps_a_label_of_any_bits(dut):
    unit = Unit(dut)
    await unit.reset()
    features = np.ones((4, N_FEATURES), np.int8)
    for labels in ((0, 255, 85, 170), (255, 0, 170, 85)):
        await unit.capture(features, labels)
        for place, label in enumerate(labels):
            await unit.load(2, [place])
            for _ in range(3):
                await unit.falling
            assert int(dut.sample_label.value) == label


@cocotb.test()
async def generations_are_counted_in_32_bits(dut):
    unit = Unit(dut)
    await unit.reset()
    features, labels = np.ones((N_SAMPLES, N_FEATURES), np.int8), np.zeros(N_SAMPLES, int)
    await unit.capture(features, labels)
    for bit in range(1, 33):
        dut.u_sequencer.generations_q.value = (1 << bit) - 1
        dut.n_batch_i.value = 1
        await unit.run(1)
        assert int(dut.generations_o.value) == 1 << bit & 0xFFFFFFFF
