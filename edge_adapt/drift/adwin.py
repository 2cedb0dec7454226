"""ADWIN (Bifet and Gavalda, 2007): two parts of a growing window differ in their mean."""

from __future__ import annotations

from typing import Any

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._river import drift, RiverWatcher


class Adwin(RiverWatcher):
    """`delta` bounds the chance of a false cut; river looks at every 32nd frame."""

    def __init__(self, reference: Reference, delta: float = 0.002) -> None:
        self._delta = delta
        super().__init__(reference)

    def _new(self) -> Any:
        return drift.ADWIN(delta=self._delta)
