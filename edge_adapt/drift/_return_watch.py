"""
Watches, in another domain, for the way back to the clean one.

Between two domains that are both known the question is easier than whether anything changed: do
the newest frames lie within the clean domain, and are they likelier there than where we are?
"""

from __future__ import annotations

from typing import Final

from edge_adapt.drift._normal import Normal
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._signature import Signature
from edge_adapt.records import Observation
import numpy as np

N_FRAMES: Final = 20  # of a window: shorter than what a look-up takes
_ODDS: Final = 25.0  # nat by which the clean domain must be likelier


class ReturnWatch:
    """Compares the newest frames with the clean domain and with the one they should come from."""

    def __init__(self, reference: Reference, here: Signature) -> None:
        domain: Normal = reference.domain
        self._domain, self._limit = domain, reference.match_limit
        places = (reference.signature, here)
        # The clean place first, then ours; no feature is finer than when clean.
        self._means = np.array([place.mean for place in places], np.float64)
        self._scales = np.array([np.maximum(domain.scale, p.deviation) for p in places])
        self._odds_of_scale = float(np.log(self._scales[1] / self._scales[0]).sum())
        self._variance = domain.between + domain.within / N_FRAMES + domain.offset
        self._window = np.zeros((N_FRAMES, *self._means.shape))
        self._n_seen = 0

    def update(self, observation: Observation) -> float:
        """Take a frame; return above 1 where the window is of the clean domain."""
        centred = self._domain.gather(observation.features) - self._means
        residuals = self._domain.bounded(centred / self._scales @ self._domain.whitening.T)
        self._window[self._n_seen % N_FRAMES] = residuals
        self._n_seen += 1
        if self._n_seen < N_FRAMES:
            return 0.0
        means = self._window.sum(axis=0) / N_FRAMES
        home, here = (means * means / self._variance).sum(axis=1) / len(self._variance)
        # as in `nearest`: half the distance of every feature, and the logarithm of the scales
        odds = 0.5 * (here - home) * len(self._domain.within) + self._odds_of_scale
        return float(self._limit / max(home, 1e-9)) if odds > _ODDS else 0.0
