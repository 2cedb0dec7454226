"""What is normal: how features of clean frames are centred, whitened and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from edge_adapt.records import Array, F32, F64
from edge_adapt.signals.groups import gather, span_of
import numpy as np

RESIDUAL_LIMIT = 6.0  # of residuals that a covariance is estimated from


@dataclass(frozen=True)
class Normal:
    """
    Class-conditional residuals in groups, d in all, and how they vary.

    A residual is z = whitening @ ((f - centre) / scale - class_means[k]) / class_scales[k] for a
    frame predicted k. Each coordinate, then each group's norm, is bounded: that is what one bad
    frame can do at most. Where `is_one_sided`, only a shift towards larger residuals is evidence.
    `sources` are the feature groups that f (n,) is made of, `groups` map the groups of residuals
    to their sizes; both in order.

        centre, scale (n,)                  whitening (d, n)
        class_means (n_classes, n)          class_scales (n_classes,)
        within (d,)        variance of z inside a run of one class
        between (d,)       variance of a run's mean: the random effect
        class_errors (n_classes,)           variance of the error of each class mean
        offset (d,)        variance of an error that all frames share
        thresholds (2, 1 + n_groups)        for each forgetting factor: all groups, each group
    """

    sources: tuple[str, ...]
    groups: Mapping[str, int]
    centre: F32
    scale: F32
    whitening: F32
    class_means: F32
    class_scales: F32
    within: F32
    between: F32
    class_errors: F32
    offset: F32
    thresholds: F32
    limit: float = 4.0
    norm_limit: float = 1.5
    is_one_sided: bool = False

    @cached_property
    def membership(self) -> F64:
        """Which feature belongs to which group, (d, n_groups) of 0 and 1."""
        sizes = list(self.groups.values())
        return np.repeat(np.eye(len(sizes)), sizes, axis=0)

    @cached_property
    def group_limits(self) -> F64:
        """Return the largest norm of each group, 1.5 (sqrt(d) + 0.7); clean frames are below."""
        return self.norm_limit * (np.sqrt(list(self.groups.values())) + 0.7)

    @cached_property
    def _span(self) -> slice | None:
        return span_of(self.sources)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_means)

    def gather(self, features: Mapping[str, F32]) -> F32:
        """Return the features of the sources in order, group -> (..., size) to (..., n)."""
        return gather(features, self.sources, self._span)

    def part(self, group: str) -> slice:
        """Return where a group of residuals is."""
        names, ends = list(self.groups), np.cumsum(list(self.groups.values()))
        stop = int(ends[names.index(group)])
        return slice(stop - self.groups[group], stop)

    def only(self, groups: tuple[str, ...]) -> Normal:
        """
        Return what is normal of some groups, where groups of features are those of residuals.

        The threshold of all groups together stays: of fewer it asks for more.
        """
        index = np.arange(len(self.centre))
        kept = np.concatenate([index[self.part(name)] for name in groups])
        columns = [0, *(1 + list(self.groups).index(name) for name in groups)]
        return replace(
            self,
            sources=groups,
            groups={name: self.groups[name] for name in groups},
            centre=self.centre[kept],
            scale=self.scale[kept],
            whitening=self.whitening[np.ix_(kept, kept)],
            class_means=self.class_means[:, kept],
            within=self.within[kept],
            between=self.between[kept],
            offset=self.offset[kept],
            thresholds=self.thresholds[:, columns],
        )

    def standardized(self, features: Array) -> Array:
        """Return (f - centre) / scale, (..., n)."""
        return (np.asarray(features, np.float64) - self.centre) / self.scale

    def residuals(self, features: Array, predicted: Array) -> F64:
        """Return bounded residuals, features (m, n) and predicted (m,) -> (m, d)."""
        centred = self.standardized(features) - self.class_means[predicted]
        whitened = centred @ self.whitening.T / self.class_scales[predicted][:, None]
        return self.bounded(whitened)

    def bounded(self, residuals: Array) -> F64:
        """Return residuals (m, d) with each coordinate and each group's norm clipped."""
        clipped = np.clip(residuals, -self.limit, self.limit)
        norms = np.sqrt((clipped * clipped) @ self.membership)
        shrink = np.minimum(1.0, self.group_limits / np.maximum(norms, 1e-9))
        return np.asarray(clipped * (shrink @ self.membership.T))
