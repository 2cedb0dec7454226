"""KSWIN (Raab et al., 2020): a Kolmogorov-Smirnov test of the newest frames against a sample."""

from __future__ import annotations

from typing import Any

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._river import drift, RiverWatcher


class Kswin(RiverWatcher):
    """`alpha` is the level of each test; one test a frame, of 30 frames in a window of 100."""

    def __init__(self, reference: Reference, alpha: float = 0.005, seed: int = 0) -> None:
        self._alpha, self._seed = alpha, seed
        super().__init__(reference)

    def _new(self) -> Any:
        return drift.KSWIN(alpha=self._alpha, seed=self._seed)
