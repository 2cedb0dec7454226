"""In the simulator: a mask is its seed's, word by word of every neuron of every layer."""

from __future__ import annotations

import os

import cocotb
import numpy as np

from hw.tests.clocked import parameter, pulse, reset

LANES, FIRST_WORDS = parameter('Lanes', 32), parameter('FirstWords', 1)
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,48,33').split(','))
GOLDEN, FULL = 0x9E3779B9, (1 << 32) - 1
N_BEGINNINGS = 200


def following(state):
    state ^= state << 13 & FULL
    state ^= state >> 17
    return state ^ (state << 5 & FULL)


def turned(word, n):
    return (word << n | word >> 32 - n) & FULL


def flips_of(state, rate):
    if state >> 16 >= rate:
        return 0
    return state & turned(state, 25) & turned(state, 19) & turned(state, 10)


def masks(seed, rate):
    """Yield the masks of all words."""
    offsets = [GOLDEN * (group + 1) & FULL for group in range(LANES // 32)]
    states = [(seed ^ offset) or 1 for offset in offsets]
    for layer in range(len(WIDTHS) - 1):
        are_bits = FIRST_WORDS == 1 or layer > 0
        n_words = -(-WIDTHS[layer] // LANES) * (1 if are_bits else FIRST_WORDS)
        n_last = (WIDTHS[layer] - 1) % LANES + 1
        for word in range(n_words * WIDTHS[layer + 1]):
            mask = 0
            for state in states if are_bits else ():
                mask = mask << 32 | flips_of(state, rate)
            padding = LANES - n_last if (word + 1) % n_words == 0 else 0
            yield mask >> padding << padding
            if are_bits:
                states = [following(state) for state in states]


@cocotb.test()
async def masks_are_those_of_the_seed(dut):
    falling, rng = await reset(dut, 'seed', 'rate', 'start', 'next'), np.random.default_rng(1)
    seeds = [int(seed) for seed in rng.integers(1, 1 << 32, N_BEGINNINGS)]
    for turn, seed in enumerate([GOLDEN, *seeds, 0x12345678]):
        rate = (0xFFFF, 40000, 4000)[turn % 3]
        dut.seed_i.value, dut.rate_i.value = seed, rate
        await pulse(dut, 'start')
        dut.next_i.value = 1
        for index, mask in enumerate(masks(seed, rate)):
            if index == 20 and turn <= N_BEGINNINGS:  # the last one goes through all
                break
            assert int(dut.mask_o.value) == mask, (turn, index)
            await falling
        dut.next_i.value = 0
