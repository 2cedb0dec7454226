"""A module behind its ports: its clock, its reset, and the numbers it was built with."""

from __future__ import annotations

import os
from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, Timer

CLOCK_NS = 8


def parameter(name: str, default: int) -> int:
    """Return a parameter of the build (builds.of_unit)."""
    return int(os.environ.get(name, default))


async def reset(dut: Any, *inputs: str) -> FallingEdge:
    """Start the clock with all inputs 0, reset where it can be, and return the falling edge."""
    Clock(dut.clk_i, CLOCK_NS, 'ns').start()
    falling = FallingEdge(dut.clk_i)
    for name in inputs:
        getattr(dut, f'{name}_i').value = 0
    if hasattr(dut, 'rst_ni'):
        dut.rst_ni.value = 0
        await ClockCycles(dut.clk_i, 4)
        dut.rst_ni.value = 1
    await falling
    return falling


async def pulse(dut: Any, name: str) -> None:
    """Hold an input for one cycle."""
    getattr(dut, f'{name}_i').value = 1
    await FallingEdge(dut.clk_i)
    getattr(dut, f'{name}_i').value = 0


def signed(value: int, n_bits: int) -> int:
    """Return the number in two's complement that n bits hold."""
    value &= (1 << n_bits) - 1
    return value - (value >> n_bits - 1 << n_bits)


async def pass_by(dut: Any, n_cycles: int) -> None:
    """Let cycles pass without looking at each."""
    await Timer(n_cycles * CLOCK_NS, 'ns')
    await FallingEdge(dut.clk_i)
