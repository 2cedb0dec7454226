"""As many samples of each class as there is room for: a stream of one class cannot flood it."""

from __future__ import annotations

from edge_adapt.replay._slots import Slots
import numpy as np


class ClassBalanced(Slots):
    """
    Gives a slot of the largest group to a smaller one; within a group the recent ones win.

    After a sample of a largest group a random sample of that group goes.
    """

    def choose(self, group: int) -> int:
        if len(self) < self.capacity:
            return len(self)
        names, counts = np.unique(self.groups, return_counts=True)
        largest = names[counts == counts.max()]
        loser = group if group in largest else self.rng.choice(largest)
        return int(self.rng.choice(np.flatnonzero(self.groups == loser)))
