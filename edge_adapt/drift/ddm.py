"""DDM (Gama et al., 2004): the error rate rises above its lowest point. Needs labels."""

from __future__ import annotations

from typing import Any

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._river import drift, ErrorWatcher


class Ddm(ErrorWatcher):
    """`drift_level` is in deviations above the lowest error rate."""

    def __init__(self, reference: Reference, drift_level: float = 3.0) -> None:
        self._drift_level = drift_level
        super().__init__(reference)

    def _new(self) -> Any:
        return drift.binary.DDM(drift_threshold=self._drift_level)
