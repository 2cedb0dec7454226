"""In the simulator: logarithms are a leading one and an entry of the table."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tables import logarithms
from hw.tests.clocked import parameter, reset

WIDTH = parameter('Width', 30)
LATENCY = 4


def log2(value):
    if value == 0:
        return 0
    place = value.bit_length() - 1
    index = (value << WIDTH >> place) - (1 << WIDTH) >> WIDTH - 8
    return place << 8 | int(logarithms()[index])


@cocotb.test()
async def logarithms_are_those_of_the_table(dut):
    falling, rng = await reset(dut, 'x'), np.random.default_rng(1)
    wanted = []
    for index in range(4000):
        n_bits = index % (WIDTH + 1)
        value = int(rng.integers(0, 1 << n_bits)) | (1 << n_bits >> 1)
        dut.x_i.value = value
        wanted.append(log2(value))
        await falling
        if index >= LATENCY - 1:
            assert int(dut.log_o.value) == wanted[index - LATENCY + 1], index
