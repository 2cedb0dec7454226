"""
POEM's betting martingale (Bar et al., 2024, arXiv 2408.07511), for each predicted class.

Entropy is mapped through its clean distribution to u; on clean frames u is uniform, so that
nobody gets rich betting on it: the chance that wealth ever exceeds 1 / alpha is at most alpha.
That holds for frames in random order, which a camera's are not. A baseline.
"""

from __future__ import annotations

from math import log, log1p, sqrt

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._watcher import Sight, Watcher
from edge_adapt.records import Observation
from edge_adapt.signals import OUTPUT
import numpy as np

_LARGEST_BET = 1.8  # below 2, so that wealth stays above 0


class Poem(Watcher):
    """Alarms at `wealth`; starts anew where wealth falls below 1."""

    def __init__(self, reference: Reference, wealth: float = 1e5, rate: float = 0.1) -> None:
        if wealth <= 1:
            raise ValueError(f'wealth must be above 1, got {wealth}')
        self._threshold, self._rate = log(wealth), rate
        levels = reference.entropy_quantiles.shape[1]
        self._levels = np.linspace(0, 1, levels)
        super().__init__(reference)

    def _forget(self) -> None:
        self._log_wealth, self._bet, self._squares = 0.0, 0.0, 1e-8

    def _look(self, observation: Observation) -> Sight:
        quantiles = self.reference.entropy_quantiles[observation.predicted]
        u = float(np.interp(observation.features[OUTPUT][0], quantiles, self._levels))
        gain = 1 + self._bet * (u - 0.5)
        self._log_wealth += log1p(self._bet * (u - 0.5))
        # Scale-free online gradient ascent of the logarithm of wealth.
        gradient = (u - 0.5) / gain
        self._squares += gradient * gradient
        step = self._rate * gradient / sqrt(self._squares)
        self._bet = float(np.clip(self._bet + step, -_LARGEST_BET, _LARGEST_BET))
        if self._log_wealth < 0:
            self._forget()
        return Sight(self._log_wealth, self._threshold, OUTPUT)
