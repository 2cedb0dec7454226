"""In the simulator: lanes add up what differs, word by word."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tests.clocked import parameter, reset, signed

LANES, ACC_BITS = parameter('Lanes', 64), parameter('AccBits', 24)
INPUTS = ('weights', 'activations', 'valid', 'first', 'add', 'shift', 'start')
LATENCY, N_WORDS = 5, 3000


@cocotb.test()
async def a_sum_is_that_of_its_words(dut):
    falling, rng = await reset(dut, *INPUTS), np.random.default_rng(1)
    total, sums = 0, []
    for index in range(N_WORDS + LATENCY):
        weights, activations = (int.from_bytes(rng.bytes(LANES // 8), 'big') for _ in range(2))
        if index % 5 == 0:
            activations = weights if index % 2 else weights ^ (1 << LANES) - 1
        valid, add = (int(bit) for bit in rng.integers(0, 2, 2))
        first = int(index == 0 or rng.random() < 0.1)
        shift = int(rng.integers(0, 16))
        start = int(rng.integers(-(1 << ACC_BITS - 1), 1 << ACC_BITS - 1))
        dut.weights_i.value, dut.activations_i.value = weights, activations
        dut.valid_i.value, dut.first_i.value = valid | (index == 0), first
        dut.add_i.value, dut.shift_i.value = add, shift
        dut.start_i.value = start & (1 << ACC_BITS) - 1
        if valid or index == 0:
            base = start if first else total
            term = (weights ^ activations).bit_count() << shift
            total = signed(base + (term if add else -term), ACC_BITS)
        sums.append(total)
        await falling
        if index >= LATENCY - 1:
            assert signed(int(dut.sum_o.value), ACC_BITS) == sums[index - LATENCY + 1], index
