"""Page-Hinkley (Page, 1954): the sum of deviations from the running mean leads too far."""

from __future__ import annotations

from typing import Any

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._river import drift, RiverWatcher


class PageHinkley(RiverWatcher):
    """`threshold` is in nat of entropy summed up; `delta` is what a mean may wander a frame."""

    def __init__(
        self, reference: Reference, threshold: float = 50.0, delta: float = 0.005
    ) -> None:
        self._threshold, self._delta = threshold, delta
        super().__init__(reference)

    def _new(self) -> Any:
        return drift.PageHinkley(threshold=self._threshold, delta=self._delta)
