"""Nearest class mean on binary features: the plainest class-incremental head."""

from __future__ import annotations

from edge_adapt.records import F64, I8, I64
from edge_adapt.updaters._statistics import SumsHead


class ClassMeans(SumsHead):
    """The nearest mean is linear: |x - m|^2 is smallest where m . x - |m|^2 / 2 is largest."""

    def absorb(self, x: I8, labels: I64) -> None:
        """Start with the counts and sums, which are all there is."""

    def discriminant(self, means: F64) -> F64:
        return means
