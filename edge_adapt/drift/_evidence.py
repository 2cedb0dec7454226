"""
The evidence of one stream, frame by frame: residuals and their statistic over runs.

`InNumpy` joins `Normal.residuals` and `RunStatistic`, and is right by definition. `Native` does
both in one call of C++, in double precision as well; only the order of its sums differs.
"""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

from edge_adapt import native
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._run_statistic import FORGETTING, MAX_GAP, RunStatistic
from edge_adapt.records import Array, F32
import numpy as np


class Evidence(Protocol):
    """Takes one frame at a time. A place counts scales, and in each all groups, then each."""

    def update(self, features: F32, predicted: int) -> tuple[float, int]:
        """Take features (n,); return the largest statistic over its threshold, and its place."""
        ...

    def statistics(self) -> Array:
        """Return T after the latest frame, (n_scales, 1 + n_groups)."""
        ...

    def severity(self, scale: int) -> float:
        """Return the root mean square of the estimated shift, in deviations."""
        ...

    def restart(self) -> None:
        """Forget all runs."""
        ...

    @property
    def n_bytes(self) -> int:
        """Return the size of the state, in bytes."""
        ...


def evidence_of(normal: Normal) -> Evidence:
    """Return the evidence against what is normal: native where the kernels are built."""
    twin = native.twin()
    return InNumpy(normal) if twin is None else Native(twin, normal)


class InNumpy:
    """The reference."""

    def __init__(self, normal: Normal) -> None:
        self._normal = normal
        self._runs = RunStatistic(normal)
        self._statistics: Array = np.zeros(normal.thresholds.shape)

    @property
    def n_bytes(self) -> int:
        """Return the size of the state, in bytes."""
        return self._runs.n_bytes

    def update(self, features: F32, predicted: int) -> tuple[float, int]:
        """Take features (n,); return the largest statistic over its threshold, and its place."""
        classes = np.array([predicted])
        residuals = self._normal.residuals(features[np.newaxis], classes)
        self._statistics = self._runs.update(residuals, classes)[0]
        ratios = self._statistics / self._normal.thresholds
        place = int(ratios.argmax())
        return float(ratios.flat[place]), place

    def statistics(self) -> Array:
        """Return T after the latest frame, (n_scales, 1 + n_groups)."""
        return self._statistics

    def severity(self, scale: int) -> float:
        """Return the root mean square of the estimated shift, in deviations."""
        return float(np.sqrt(np.mean(self._runs.shift[0, scale] ** 2)))

    def restart(self) -> None:
        """Forget all runs."""
        self._runs = RunStatistic(self._normal)
        self._statistics = np.zeros(self._normal.thresholds.shape)


class Native:
    """The twin; the size of its state includes what is normal."""

    def __init__(self, module: ModuleType, normal: Normal) -> None:
        self._shape = normal.thresholds.shape
        singles = (
            *(normal.centre, normal.scale, normal.whitening, normal.class_means),
            *(normal.class_scales, normal.within, normal.between, normal.class_errors),
            *(normal.offset, normal.thresholds),
        )
        self._runs = module.run_evidence(
            *(np.ascontiguousarray(array, np.float32).ravel() for array in singles),
            np.array(list(normal.groups.values()), np.int32),
            np.ascontiguousarray(normal.group_limits, np.float64),
            FORGETTING,
            normal.limit,
            MAX_GAP,
            int(normal.is_one_sided),
        )
        self.update = self._runs.update
        self.severity = self._runs.severity
        self.restart = self._runs.restart

    @property
    def n_bytes(self) -> int:
        """Return the size of the state and of what is normal, in bytes."""
        return int(self._runs.n_bytes)

    def statistics(self) -> Array:
        """Return T after the latest frame, (n_scales, 1 + n_groups)."""
        found = np.empty(self._shape, np.float64)
        self._runs.statistics(found.ravel())
        return found
