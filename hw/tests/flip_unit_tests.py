"""In the simulator: children are judged by their sums, and who is no worse is written once."""

from __future__ import annotations

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
import numpy as np

from hw.tests.clocked import parameter, pass_by, pulse, reset, signed

LANES, N_CLASSES = parameter('Lanes', 64), parameter('NClasses', 4)
N_SAMPLES, N_BEATS = parameter('NSamples', 8), parameter('NBeats', 2)
DEPTH, N_GROUPS = parameter('WeightDepth', 8), parameter('Lanes', 64) // 32
INPUTS = (
    *('run', 'n_generations', 'n_children', 'n_samples', 'register_we', 'register', 'label'),
    *('s_ready', 'm_valid', 'm_logits', 'm_label', 'mask', 'rdata'),
)
FULL = (1 << 32) - 1
SHORT = DEPTH * N_GROUPS < 5000
DECIDES = 5  # cycles from the last answer of a generation on


def following(state):
    state ^= state << 13 & FULL
    state ^= state >> 17
    return state ^ (state << 5 & FULL)


class Unit:
    """The evolution; the engine, the samples and the bank are played here."""

    def __init__(self, dut, seed):
        self.dut, self.rng = dut, np.random.default_rng(seed)
        self.label = 0

    async def reset(self):
        self.falling = await reset(self.dut, *INPUTS)

    def word(self, n_bits=32):
        return int.from_bytes(self.rng.bytes(n_bits // 8), 'big')

    async def begin(self, n_generations, n_children, n_samples, register):
        dut = self.dut
        dut.n_generations_i.value, dut.n_children_i.value = n_generations, n_children
        dut.n_samples_i.value, dut.register_i.value = n_samples, register
        await pulse(dut, 'register_we')
        await pulse(dut, 'run')

    async def sample(self, index):
        """Take the words of a sample and answer; return what its fitness gains."""
        dut, beat = self.dut, 0
        while beat < N_BEATS:
            ready = int(self.rng.integers(0, 2))
            dut.s_ready_i.value = ready
            await ReadOnly()
            if ready and bool(dut.s_valid_o.value):
                assert (int(dut.sample_o.value), int(dut.beat_o.value)) == (index, beat)
                assert bool(dut.s_last_o.value) == (beat == N_BEATS - 1)
                beat += 1
            await self.falling
        dut.s_ready_i.value = 0
        logits = [self.word() for _ in range(N_CLASSES)]
        label, first = (int(place) for place in self.rng.integers(0, N_CLASSES, 2))
        if self.rng.random() < 0.3:
            first = label
        dut.m_logits_i.value = sum(logit << 32 * place for place, logit in enumerate(logits))
        dut.label_i.value, dut.m_label_i.value = label, first
        await pulse(dut, 'm_valid')
        gain = signed(logits[label], 32) - signed(logits[first], 32)
        return gain + (16 if label == first else 0)

    async def fitness(self, n_samples):
        return signed(sum([await self.sample(index) for index in range(n_samples)]), 32)

    async def sweep(self, seed):
        """Every word of the bank is read, flipped and written, in order."""
        dut = self.dut
        for addr in range(DEPTH):
            mask = self.word(LANES)
            dut.mask_i.value = mask
            for lane in range(N_GROUPS):
                word = self.word()
                dut.rdata_i.value = word
                await RisingEdge(dut.we_o)
                await self.falling
                part = mask >> 32 * (N_GROUPS - 1 - lane) & FULL
                assert int(dut.wdata_o.value) == word ^ part
                assert (int(dut.lane_o.value), int(dut.addr_o.value)) == (lane, addr)
                assert int(dut.seed_o.value) == seed
                await self.falling


@cocotb.test()
async def the_best_child_takes_its_parents_place(dut):
    unit = Unit(dut, 1)
    await unit.reset()
    n_generations, n_children, n_samples = (12, 3, 4) if SHORT else (1, 8, 2)
    register, n_accepted = 0x12345678, 0
    await unit.begin(n_generations, n_children, n_samples, register)
    parent = await unit.fitness(n_samples)
    for generation in range(n_generations):
        best, seed = None, 0
        for _ in range(n_children):
            register = following(register)
            sum_of = await unit.fitness(n_samples)
            assert int(dut.seed_o.value) == register
            assert not bool(dut.is_parent_o.value)
            if best is None or sum_of > best:
                best, seed = sum_of, register
        if best >= parent:
            parent, n_accepted = best, n_accepted + 1
            await unit.sweep(seed)
            await unit.falling
        else:
            await pass_by(dut, DECIDES)
        assert int(dut.accepted_o.value) == n_accepted, generation
        assert signed(int(dut.fitness_o.value), 32) == parent, generation
    await unit.falling
    assert not bool(dut.busy_o.value)
    assert int(dut.register_o.value) == following(register)
    assert n_accepted


async def ended(dut):
    while bool(dut.busy_o.value):
        await pass_by(dut, 200)


@cocotb.test()
@cocotb.parametrize(sizes=[(0xFFFF, 1, 1), (1, 255, 2), (1, 1, min(N_SAMPLES - 1, 0xFFFF))])
async def runs_of_any_length_end(dut, sizes):
    unit = Unit(dut, 2)
    await unit.reset()
    n_generations, n_children, n_samples = sizes
    dut.s_ready_i.value = dut.m_valid_i.value = dut.label_i.value = 1
    dut.m_logits_i.value = 7 << 32
    await unit.begin(n_generations, n_children, n_samples, 99)
    while bool(dut.is_parent_o.value):  # who is better than all children
        await unit.falling
    dut.m_logits_i.value = 9
    await ended(dut)
    register = 99
    for _ in range(n_generations * n_children + 1):
        register = following(register)
    assert int(dut.register_o.value) == register
    assert signed(int(dut.fitness_o.value), 32) == 7 * n_samples
    assert int(dut.accepted_o.value) == 0


@cocotb.test()
async def children_taken_are_counted_in_32_bits(dut):
    unit = Unit(dut, 3)
    await unit.reset()
    dut.s_ready_i.value = dut.m_valid_i.value = 1  # a child as good as its parent
    for bit in range(1, 33) if SHORT else (1,):
        dut.accepted_q.value = (1 << bit) - 1
        await unit.begin(1, 1, 1, 5)
        await ended(dut)
        assert int(dut.accepted_o.value) == 1 << bit & FULL
