"""In the simulator: an engine evolves its binary weights as its integers say."""

from __future__ import annotations

from itertools import islice, pairwise
import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge
from edge_adapt.engines._accelerator import frame_words, N_HEADER_WORDS, parameter_image
from edge_adapt.engines.reference import Reference
from edge_adapt.updaters._bit_flips import evolve
import numpy as np

from hw.tests.networks import network_of, random_images, random_weights

LANES = int(os.environ.get('LANES', '32'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,48,33').split(','))
N_GENERATIONS = int(os.environ.get('N_GENERATIONS', '64'))
NETWORK = network_of(WIDTHS, 1)
N_SAMPLES, N_CHILDREN, READ_LATENCY = 8, 4, 6
WEIGHT_DEPTH = sum(n_out * -(-n_in // LANES) for n_in, n_out in pairwise(WIDTHS))
REGIONS = (
    (WEIGHT_DEPTH, LANES // 32),
    (sum(WIDTHS[1:]), 1),
    (NETWORK.head.n_classes, 1),
    (WIDTHS[-1], -(-NETWORK.head.n_classes // 4)),
)


class Unit:
    """The engine behind its ports."""

    def __init__(self, dut):
        self.dut, self.falling = dut, FallingEdge(dut.clk_i)

    async def reset(self):
        Clock(self.dut.clk_i, 8, 'ns').start()
        for name in ('we', 'region', 'sample_we', 'run'):
            getattr(self.dut, f'{name}_i').value = 0
        self.dut.rst_ni.value = 0
        await ClockCycles(self.dut.clk_i, 4)
        self.dut.rst_ni.value = 1
        await self.falling

    async def load(self, image):
        """Write the words of a parameter image, without its frame."""
        dut, at = self.dut, N_HEADER_WORDS
        dut.we_i.value = 1
        for region, (depth, n_lanes) in enumerate(REGIONS):
            dut.region_i.value = 1 << region
            for index in range(depth * n_lanes):
                dut.addr_i.value, dut.lane_i.value = divmod(index, n_lanes)
                dut.wdata_i.value = int(image[at])
                at += 1
                await self.falling
        dut.we_i.value = 0

    async def weights(self):
        """Return the words of weights as the memory holds them."""
        dut, words = self.dut, []
        dut.region_i.value = 1
        for addr in range(WEIGHT_DEPTH):
            for lane in range(LANES // 32):
                dut.addr_i.value, dut.lane_i.value = addr, lane
                await ClockCycles(dut.clk_i, READ_LATENCY)
                await self.falling
                words.append(int(dut.rdata_o.value))
        return np.array(words, np.uint32)

    async def samples(self, frames, labels):
        dut, n_words = self.dut, frames.shape[1]
        stride = 1 << (n_words - 1).bit_length()
        dut.sample_we_i.value = 1
        for index, (frame, label) in enumerate(zip(frames, labels, strict=True)):
            for word in range(n_words):
                dut.sample_addr_i.value = index * stride + word
                dut.sample_word_i.value = int.from_bytes(frame[word].tobytes(), 'big')
                dut.sample_label_i.value = int(label)
                await self.falling
        dut.sample_we_i.value = 0

    async def run(self, n_generations):
        self.dut.n_generations_i.value = n_generations
        self.dut.run_i.value = 1
        await self.falling
        self.dut.run_i.value = 0
        while bool(self.dut.busy_o.value):
            await ClockCycles(self.dut.clk_i, 20)
        await self.falling


def words_of(weights):
    image = parameter_image(NETWORK, weights, LANES)
    return image[N_HEADER_WORDS : N_HEADER_WORDS + WEIGHT_DEPTH * LANES // 32]


@cocotb.test()
@cocotb.parametrize(rate=[4000, 65535])
async def generations_equal_their_integers(dut, rate):
    unit, weights = Unit(dut), random_weights(NETWORK, seed=5)
    images = random_images(NETWORK, N_SAMPLES, seed=2)
    labels = np.random.default_rng(1).integers(0, 10, N_SAMPLES)
    await unit.reset()
    await unit.load(parameter_image(NETWORK, weights, LANES))
    await unit.samples(frame_words(NETWORK, weights, images, LANES), labels)
    dut.rate_i.value, dut.n_children_i.value = rate, N_CHILDREN
    dut.last_sample_i.value = N_SAMPLES - 1
    n_accepted = 0
    for run in range(4):
        seed = 0x1234567 + run
        parents = evolve(
            NETWORK,
            weights,
            lambda candidate: Reference().prepare(NETWORK, candidate)(images).logits,
            labels,
            seed=seed,
            n_children=N_CHILDREN,
            rate=rate,
            lanes=LANES,
        )
        *_, parent = islice(parents, N_GENERATIONS // 4)
        dut.seed_i.value = seed
        await unit.run(N_GENERATIONS // 4)
        n_accepted += parent.n_accepted
        assert dut.fitness_o.value.to_signed() == parent.fitness, run
        assert int(dut.accepted_o.value) == n_accepted, run
        np.testing.assert_array_equal(await unit.weights(), words_of(parent.weights), f'{run}')
        weights = parent.weights
    assert n_accepted, 'no child was ever taken'
