"""
Watches, in another domain, for the way back to the clean one.

Between two domains that are both known the question is easier than whether anything changed: do
the newest frames lie within the clean domain, and are they likelier there than where we are?
"""

from __future__ import annotations

from collections import deque
from typing import Final

from edge_adapt.drift._normal import Normal
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._signature import domain_residuals, Signature
from edge_adapt.records import F64, Observation
import numpy as np

N_FRAMES: Final = 20  # of a window: shorter than what a look-up takes
_ODDS: Final = 25.0  # nat by which the clean domain must be likelier


class ReturnWatch:
    """Compares the newest frames with the clean domain and with the one they should come from."""

    def __init__(self, reference: Reference, here: Signature) -> None:
        self._domain: Normal = reference.domain
        self._limit = reference.match_limit
        self._places = (reference.signature, here)
        scales = [np.maximum(self._domain.scale, place.deviation) for place in self._places]
        self._odds_of_scale = float(np.log(scales[1] / scales[0]).sum())
        self._windows: tuple[deque[F64], ...] = (deque(maxlen=N_FRAMES), deque(maxlen=N_FRAMES))

    def update(self, observation: Observation) -> float:
        """Take a frame; return above 1 where the window is of the clean domain."""
        features = self._domain.gather(observation.features)
        for window, place in zip(self._windows, self._places, strict=True):
            window.append(domain_residuals(self._domain, place, features[np.newaxis])[0])
        if len(self._windows[0]) < N_FRAMES:
            return 0.0
        home, here = (self._distance(window) for window in self._windows)
        # as in `nearest`: half the distance of every feature, and the logarithm of the scales
        odds = 0.5 * (here - home) * len(self._domain.within) + self._odds_of_scale
        return self._limit / max(home, 1e-9) if odds > _ODDS else 0.0

    def _distance(self, window: deque[F64]) -> float:
        domain = self._domain
        variance = domain.between + domain.within / N_FRAMES + domain.offset
        return float(np.mean(np.mean(window, axis=0) ** 2 / variance))
