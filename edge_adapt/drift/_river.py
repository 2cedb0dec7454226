"""
The one door to river (Montiel et al., 2021): classical detectors of a change in one number.

They watch the entropy of the prediction, or its error where labels come. They know neither a
clean reference nor that a camera shows one class for seconds.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final

from edge_adapt.drift._watcher import Sight, Watcher
from edge_adapt.records import Observation
from edge_adapt.signals import OUTPUT
import numpy as np
from river import drift

__all__ = ['ErrorWatcher', 'RiverWatcher', 'drift']

_ERROR: Final = 'error'
_LARGEST_LOG: Final = 50.0


class RiverWatcher(Watcher):
    """Shows the entropy of every frame, in nat, to a detector of river."""

    def _forget(self) -> None:
        self._river: Any = self._new()

    @abstractmethod
    def _new(self) -> Any:
        """Return a fresh detector of river."""

    def _look(self, observation: Observation) -> Sight:
        # the first output feature is the logarithm of the entropy
        log_entropy = min(float(observation.features[OUTPUT][0]), _LARGEST_LOG)
        return self._shown(float(np.exp(log_entropy)), OUTPUT)

    def _shown(self, value: float | bool, group: str) -> Sight:
        # river says yes or no: 1 against a threshold of 1/2
        self._river.update(value)
        return Sight(float(self._river.drift_detected), 0.5, group)


class ErrorWatcher(RiverWatcher):
    """Shows whether the prediction was wrong; frames without a label are not looked at."""

    def _look(self, observation: Observation) -> Sight:
        if observation.error is None:
            return Sight()
        return self._shown(bool(observation.error), _ERROR)
