"""
The shift register that draws the noise of evolution strategies, in Python as in hardware.

32-bit Galois form, shifted right, taps 0xA3000000 (x^32 + x^30 + x^26 + x^25 + 1, maximal). A
step gives the lowest bit of the state it leaves; bit 1 is +1, bit 0 is -1.

`states` runs any register whose next state is linear in the bits of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from edge_adapt.records import I8
import numpy as np
from numpy.typing import NDArray

TAPS = 0xA3000000
U32 = NDArray[np.uint32]
Step = Callable[[int], int]  # the state after a state, linear in its bits


class Lfsr:
    """Draws signs; `state` is all it knows, and is never zero."""

    def __init__(self, state: int) -> None:
        if not 0 < state < 1 << 32:
            raise ValueError(f'state must be 1..2^32 - 1, got {state}')
        self.state = state

    def signs(self, n: int) -> I8:
        """Return the next n signs, +-1."""
        visited = states(self.state, n + 1)
        self.state = int(visited[n])
        return (2 * (visited[:n] & 1).astype(np.int8) - 1).astype(np.int8)

    def every(self, stride: int, n: int) -> U32:
        """Return the states (n,) after each `stride` of n * stride steps."""
        visited = states(self.state, n * stride + 1)[stride::stride]
        self.state = int(visited[-1])
        return visited


def step(state: int) -> int:
    """Return the state after `state`."""
    return (state >> 1) ^ (TAPS if state & 1 else 0)


def states(state: int, n: int, following: Step = step) -> U32:
    """Return n successive states: the first k jump k steps at once to give the next k."""
    visited = np.empty(n, np.uint32)
    visited[0] = state
    n_known, level = 1, 0
    while n_known < n:
        n_new = min(n_known, n - n_known)
        tables, known = _jump(following, level), visited[:n_new]
        visited[n_known : n_known + n_new] = (
            tables[0][known & 255]
            ^ tables[1][known >> 8 & 255]
            ^ tables[2][known >> 16 & 255]
            ^ tables[3][known >> 24]
        )
        n_known, level = n_known + n_new, level + 1
    return visited


@lru_cache(maxsize=64)
def _jump(following: Step, level: int) -> U32:
    """Return tables (4, 256): the state 2^level steps after a state is the xor of its bytes'."""
    if level == 0:
        columns = [following(1 << bit) for bit in range(32)]
    else:
        half = _jump(following, level - 1)
        columns = [_look_up(half, _look_up(half, 1 << bit)) for bit in range(32)]
    tables = np.zeros((4, 256), np.uint32)
    for bit, column in enumerate(columns):
        byte, place = divmod(bit, 8)
        tables[byte, (np.arange(256) >> place & 1) == 1] ^= np.uint32(column)
    return tables


def _look_up(tables: U32, state: int) -> int:
    values = [int(tables[byte, state >> 8 * byte & 255]) for byte in range(4)]
    return values[0] ^ values[1] ^ values[2] ^ values[3]
