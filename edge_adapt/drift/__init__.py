"""
Drift detectors: one observation a frame in, a flag out.

Two verbs, as in river: `update` and `drift_detected`. A detector restarts itself on the update
after a detection. It never learns from the stream: what is normal comes from a reference that was
recorded on clean frames, or from the signature of a domain the network was adapted to.

Every member is made from the reference alone: `registry.load('drift', name)(reference)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._signature import Signature
from edge_adapt.records import Array, Detection, Observation

__all__ = ['DriftDetector', 'Reference', 'Signature']


class DriftDetector(Protocol):
    """Watches a stream of observations."""

    @property
    def drift_detected(self) -> bool:
        """Whether the latest update ended in a detection."""
        ...

    @property
    def detection(self) -> Detection | None:
        """Return what the latest update detected; None where it detected nothing."""
        ...

    @property
    def statistic(self) -> float:
        """Return the statistic over its threshold after the latest update: above 1 is drift."""
        ...

    def update(self, observation: Observation) -> None:
        """Look at one frame. A frame with NaN or infinite features is skipped, never an alarm."""
        ...

    def reset(self) -> None:
        """Forget all windows (after a clock jump, a gap or a swap); what is normal stays."""
        ...

    def rebase(self, weights: Mapping[str, Array], version: str) -> None:
        """
        Take what is normal from the weights in use, named by `version`, and start anew.

        A bank that carries a signature says what its domain looks like; without one the clean
        reference holds.
        """
        ...
