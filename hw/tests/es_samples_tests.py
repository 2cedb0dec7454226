"""In the simulator: samples are kept in the order they came, and walked in any other."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tests.clocked import parameter, pass_by, pulse, reset

N_SAMPLES, N_WORDS = parameter('NSamples', 16), parameter('NWords', 3)
LANES = parameter('Lanes', 32)
INPUTS = (
    *('clear', 'valid', 'word', 'last', 'label', 'order_we', 'order_at', 'order_wdata'),
    'word_at',
)
N_READ = min(N_SAMPLES, 300)
LATENCY = 3  # of a label; of a word less


async def keep(dut, falling, words, labels):
    for row, label in zip(words, labels, strict=True):
        dut.valid_i.value, dut.label_i.value = 1, int(label)
        for place, word in enumerate(row):
            dut.word_i.value, dut.last_i.value = int(word), int(place == N_WORDS - 1)
            await falling
    dut.valid_i.value = 0


@cocotb.test()
async def samples_are_walked_in_any_order(dut):
    falling, rng = await reset(dut, *INPUTS), np.random.default_rng(1)
    for turn in range(8 if N_SAMPLES < 300 else 1):
        await pulse(dut, 'clear')
        assert int(dut.n_samples_o.value) == 0
        words = rng.integers(0, 1 << LANES, (N_SAMPLES + 2, N_WORDS))  # two find no room
        labels = rng.integers(0, 256, N_SAMPLES + 2)
        await keep(dut, falling, words, labels)
        assert int(dut.n_samples_o.value) == N_SAMPLES
        order = rng.permutation(N_SAMPLES)
        at = rng.permutation(N_SAMPLES)[:N_READ]
        dut.order_we_i.value = 1
        for place in at:
            dut.order_at_i.value, dut.order_wdata_i.value = int(place), int(order[place])
            await falling
        dut.order_we_i.value = 0
        for place in at:
            word_at = int(rng.integers(0, N_WORDS))
            dut.order_at_i.value, dut.word_at_i.value = int(place), word_at
            await pass_by(dut, LATENCY)
            sample = order[place]
            assert int(dut.word_o.value) == words[sample, word_at], (turn, place)
            assert int(dut.label_o.value) == labels[sample]


@cocotb.test()
async def a_frame_that_is_cut_by_a_clearing_is_not_kept(dut):
    falling, rng = await reset(dut, *INPUTS), np.random.default_rng(3)
    words, labels = rng.integers(0, 1 << LANES, (1, N_WORDS)), np.array([7])
    for cut_at in range(N_WORDS):  # before that word, or with it
        for with_a_word in (False, True):
            for place in range(N_WORDS):
                if place == cut_at and not with_a_word:
                    await pulse(dut, 'clear')
                dut.valid_i.value, dut.last_i.value = 1, int(place == N_WORDS - 1)
                dut.clear_i.value = int(place == cut_at and with_a_word)
                await falling
                dut.valid_i.value = dut.clear_i.value = 0
            whole = cut_at == 0 and not with_a_word
            assert int(dut.n_samples_o.value) == int(whole), (cut_at, with_a_word)
            await keep(dut, falling, words, labels)
            assert int(dut.n_samples_o.value) == 1 + int(whole)
