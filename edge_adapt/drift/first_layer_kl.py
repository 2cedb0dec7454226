"""
Symmetric Gaussian divergence of the first layer's statistics, as in ZOA (arXiv 2508.02180).

The newest frames against the clean ones, without knowing the class. A baseline.
"""

from __future__ import annotations

from collections import deque

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._watcher import Sight, Watcher
from edge_adapt.records import F32, Observation
from edge_adapt.signals import FIRST_LAYER
import numpy as np


class FirstLayerKl(Watcher):
    """Alarms where the divergence of a window of `n_frames`, averaged over features, is large."""

    def __init__(self, reference: Reference, n_frames: int = 64, threshold: float = 0.5) -> None:
        if n_frames < 8:
            raise ValueError(f'n_frames must be 8 or more, got {n_frames}')
        clean = reference.clean
        part = clean.part(FIRST_LAYER)
        self._mean, self._variance = clean.centre[part], clean.scale[part] ** 2
        self._n_frames, self._threshold = n_frames, threshold
        super().__init__(reference)

    def _forget(self) -> None:
        self._window: deque[F32] = deque(maxlen=self._n_frames)

    def _look(self, observation: Observation) -> Sight:
        self._window.append(observation.features[FIRST_LAYER])
        if len(self._window) < self._n_frames:
            return Sight(0.0, self._threshold, FIRST_LAYER)
        window = np.array(self._window, np.float64)
        square = (window.mean(axis=0) - self._mean) ** 2
        variance = np.maximum(window.var(axis=0), 1e-3 * self._variance)
        # KL(p||q) + KL(q||p) = ((v_p + d^2) / v_q + (v_q + d^2) / v_p) / 2 - 1
        both = (variance + square) / self._variance + (self._variance + square) / variance
        return Sight(float(np.mean(both / 2 - 1)), self._threshold, FIRST_LAYER)
