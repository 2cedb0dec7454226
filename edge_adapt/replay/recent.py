"""The last samples: a ring."""

from __future__ import annotations

from edge_adapt.replay._slots import Slots


class Recent(Slots):
    """Keeps the last `capacity` samples, whatever they are."""

    def choose(self, group: int) -> int:
        return (self.n_seen - 1) % self.capacity
