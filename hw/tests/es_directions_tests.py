"""In the simulator: signs come from the register one by one, and go round."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tests.clocked import parameter, pulse, reset

N_FEATURES, N_DIRECTIONS = parameter('NFeatures', 64), parameter('NDirections', 2)
TAPS = 0xA3000000


@cocotb.test()
async def directions_are_those_of_the_register(dut):
    inputs = ('register_we', 'register', 'draw', 'direction', 'turn')
    falling, rng = await reset(dut, *inputs), np.random.default_rng(1)
    for _ in range(20):
        state = int(rng.integers(1, 1 << 32))
        dut.register_i.value = state
        await pulse(dut, 'register_we')
        rings: list[list[int]] = []
        for direction in range(N_DIRECTIONS):
            dut.direction_i.value, dut.draw_i.value = direction, 1
            rings.append([])
            for _ in range(N_FEATURES + 1):
                rings[-1].append(state & 1)
                state = state >> 1 ^ (TAPS if state & 1 else 0)
                await falling
            dut.draw_i.value = 0
        assert int(dut.register_o.value) == state
        dut.turn_i.value = 1
        await falling
        for signs in zip(*rings, strict=True):
            assert int(dut.bits_o.value) == sum(sign << p for p, sign in enumerate(signs))
            await falling
        dut.turn_i.value = 0
