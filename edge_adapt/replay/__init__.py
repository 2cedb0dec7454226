"""Bounded memories of samples to learn from: what came, within a number of samples set once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from edge_adapt.records import Array, Samples, U8


class ReplayMemory(Protocol):
    """Keeps at most `capacity` samples of one image shape; the seed decides which."""

    @property
    def capacity(self) -> int:
        """Return the most samples it will ever hold."""
        ...

    @property
    def samples(self) -> Samples:
        """Return what it holds now; UsageError while it is empty."""
        ...

    def __len__(self) -> int:
        """How many samples it holds now."""
        ...

    def add(self, image: U8, label: int, group: int | None = None) -> None:
        """
        Look at one sample; image (height, width, channels) is copied.

        `group` is what a memory balances, where it balances: the label unless told otherwise (a
        pseudo-label, a track).
        """
        ...

    def clear(self) -> None:
        """Forget all samples; the generator goes on."""
        ...

    def state(self) -> Mapping[str, Array]:
        """Return all that it knows, its random generator included."""
        ...

    def restore(self, state: Mapping[str, Array]) -> None:
        """Become the memory that gave `state`. Raises UsageError where the capacity differs."""
        ...
