"""
Class centroids that move with the stream (Yamada and Matsutani, arXiv 2212.09637). A baseline.

One running centroid for each predicted class, against the trained one: no samples are kept. Here
the centroids are of whitened hidden features, and each forgets beyond `n_frames` of its class.
"""

from __future__ import annotations

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._watcher import Sight, Watcher
from edge_adapt.records import Observation
from edge_adapt.signals import FIRST_LAYER, LAST_LAYER
import numpy as np


class SequentialCentroids(Watcher):
    """Alarms where the mean squared distance of the centroids seen last passes `threshold`."""

    def __init__(self, reference: Reference, n_frames: int = 32, threshold: float = 0.5) -> None:
        if n_frames < 2:
            raise ValueError(f'n_frames must be 2 or more, got {n_frames}')
        self._n_frames, self._threshold = n_frames, threshold
        first, last = (reference.clean.part(name) for name in (FIRST_LAYER, LAST_LAYER))
        self._hidden = np.r_[first, last]
        super().__init__(reference)

    def _forget(self) -> None:
        n_classes = self.reference.clean.n_classes
        self._centroids = np.zeros((n_classes, len(self._hidden)))
        self._counts = np.zeros(n_classes)

    def _look(self, observation: Observation) -> Sight:
        clean, k = self.reference.clean, observation.predicted
        features = clean.gather(observation.features)[np.newaxis]
        residual = clean.residuals(features, np.array([k]))[0, self._hidden]
        self._counts[k] = min(self._counts[k] + 1, self._n_frames)
        self._centroids[k] += (residual - self._centroids[k]) / self._counts[k]
        full = self._counts >= self._n_frames / 2
        if not full.any():
            return Sight(0.0, self._threshold, FIRST_LAYER)
        distances = (self._centroids[full] ** 2).mean(axis=1)
        return Sight(float(distances.max()), self._threshold, FIRST_LAYER)
