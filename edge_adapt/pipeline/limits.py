"""What the learning path may do at most, whatever the gate says."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edge_adapt.networks.model import Model
from edge_adapt.records import Weights
from edge_adapt.store.step import check_step

HOUR_NS = 3600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """
    `max_step` bounds the relative change of any tensor in one update (see store/step.py).

    `max_updates_per_hour` bounds how often newly learned weights are promoted, in the time of the
    frames; known weights (a look-up, a roll-back) come back as often as need be.
    """

    max_step: float = 4.0
    max_updates_per_hour: int = 60

    def check(self, model: Model, before: Weights, after: Weights) -> None:
        """Raise UsageError where `after` is too far from `before` and from the trained weights."""
        check_step(model, before, after, self.max_step)


class Tally:
    """Counts the promotions of the last hour."""

    def __init__(self) -> None:
        self._stamps_ns: deque[int] = deque()

    def add(self, stamp_ns: int) -> None:
        """Count one promotion."""
        self._stamps_ns.append(stamp_ns)

    def is_full(self, stamp_ns: int, max_per_hour: int) -> bool:
        """Return whether no more may be promoted now; a clock set back forgets nothing."""
        near = [then for then in self._stamps_ns if abs(stamp_ns - then) < HOUR_NS]
        self._stamps_ns = deque(near, maxlen=None)
        return len(near) >= max_per_hour
