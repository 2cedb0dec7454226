"""Stalls of streams for the tests in the simulator."""

from __future__ import annotations

from collections.abc import Iterator
import random


def random_pauses(seed: int) -> Iterator[bool]:
    """Yield runs of go and pause, from one cycle to longer than a frame takes."""
    rng = random.Random(seed)
    while True:
        for pause in (True, False):
            yield from [pause] * int(2 ** rng.uniform(0, 9))
