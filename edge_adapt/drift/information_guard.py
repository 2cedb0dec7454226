"""
A guard for frames without information: no spread, the same image, or the same answer, for long.

A covered lens, a black or saturated sensor, a frozen driver and a network stuck at one answer
look more alike than clean frames ever do, and that is where detectors of change may be blind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._watcher import COOL_DOWN, Sight, Watcher
from edge_adapt.records import F32, Observation
from edge_adapt.signals import BLOCKS, IMAGE_GROUPS, OUTPUT, PIXEL_NAMES, PIXELS
import numpy as np

_LOG_DEVIATION: Final = PIXEL_NAMES.index('log deviation')
_EMPTY: Final = float(np.log(0.02 + 0.02))  # a deviation of 0.02: about five grey levels
_RARE: Final = 6.0  # deviations below the clean mean: then clean frames are that dark themselves
_EQUAL: Final = 1e-5  # features closer than this are the same


class InformationGuard(Watcher):
    """Alarms after `n_frames` frames in a row that are empty, or equal to the one before."""

    def __init__(
        self, reference: Reference, n_frames: int = 12, cool_down: int = COOL_DOWN
    ) -> None:
        if n_frames < 2:
            raise ValueError(f'n_frames must be 2 or more, got {n_frames}')
        self._n_frames = n_frames
        domain = reference.domain
        lowest = domain.centre[_LOG_DEVIATION] - _RARE * domain.scale[_LOG_DEVIATION]
        self._empty = min(_EMPTY, float(lowest))
        super().__init__(reference, 0, cool_down)

    def _forget(self) -> None:
        self._previous: dict[str, F32] = {}
        self._counts = dict.fromkeys(('no spread', 'same image', 'same answer'), 0)

    def _look(self, observation: Observation) -> Sight:
        features, before = observation.features, self._previous
        self._previous = {name: features[name] for name in (PIXELS, BLOCKS, OUTPUT)}
        same_image = all(_equal(features, before, name) for name in IMAGE_GROUPS)
        findings = {
            'no spread': float(features[PIXELS][_LOG_DEVIATION]) <= self._empty,
            'same image': same_image,
            'same answer': not same_image and _equal(features, before, OUTPUT),
        }
        for cause, holds in findings.items():
            self._counts[cause] = self._counts[cause] + 1 if holds else 0
        cause = max(self._counts, key=self._counts.__getitem__)
        group = OUTPUT if cause == 'same answer' else PIXELS
        details = {'cause': cause, 'severity': 'no information'}
        return Sight(float(self._counts[cause]), self._n_frames - 0.5, group, details)


def _equal(features: Mapping[str, F32], before: dict[str, F32], name: str) -> bool:
    """Return whether a group is what it was in the frame before."""
    now = features[name]
    return name in before and bool(np.abs(now - before[name]).max() <= _EQUAL)
