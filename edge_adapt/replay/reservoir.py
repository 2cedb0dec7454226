"""A fair sample of all that was ever seen (Vitter, 1985, algorithm R)."""

from __future__ import annotations

from edge_adapt.replay._slots import Slots


class Reservoir(Slots):
    """Keeps every sample seen so far with the same probability."""

    def choose(self, group: int) -> int | None:
        if len(self) < self.capacity:
            return len(self)
        slot = int(self.rng.integers(self.n_seen))
        return slot if slot < self.capacity else None
