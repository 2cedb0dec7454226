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
from edge_adapt.signals import BLOCKS, OUTPUT, PIXEL_NAMES, PIXELS
import numpy as np

_LOG_DEVIATION: Final = PIXEL_NAMES.index('log deviation')
_EMPTY: Final = float(np.log(0.02 + 0.02))  # a deviation of 0.02: about five grey levels
_RARE: Final = 6.0  # deviations below the clean mean: then clean frames are that dark themselves
_EQUAL: Final = 1e-5  # features closer than this are the same
_CAUSES: Final = ('no spread', 'same image', 'same answer')


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
        self._before: Mapping[str, F32] | None = None
        self._n_empty = self._n_same_images = self._n_same_answers = 0

    def _look(self, observation: Observation) -> Sight:
        now, before = observation.features, self._before
        self._before = now
        pixels = now[PIXELS]
        same_image = before is not None and _equal(pixels, before[PIXELS])
        same_image = same_image and before is not None and _equal(now[BLOCKS], before[BLOCKS])
        same_answer = before is not None and _equal(now[OUTPUT], before[OUTPUT])
        is_empty = pixels.item(_LOG_DEVIATION) <= self._empty
        self._n_empty = self._n_empty + 1 if is_empty else 0
        self._n_same_images = self._n_same_images + 1 if same_image else 0
        self._n_same_answers = self._n_same_answers + 1 if same_answer and not same_image else 0
        return self._sight_of((self._n_empty, self._n_same_images, self._n_same_answers))

    def _sight_of(self, counts: tuple[int, ...]) -> Sight:
        longest, threshold = max(counts), self._n_frames - 0.5
        if longest < threshold:
            return Sight(longest, threshold)
        cause = _CAUSES[counts.index(longest)]
        group = OUTPUT if cause == 'same answer' else PIXELS
        return Sight(longest, threshold, group, {'cause': cause, 'severity': 'no information'})


def _equal(now: F32, before: F32) -> bool:
    """Return whether features are what they were in the frame before."""
    # the first one tells most frames apart, at a tenth of the cost of all
    first: float = now.item(0) - before.item(0)
    return abs(first) <= _EQUAL and bool(np.abs(now - before).max() <= _EQUAL)
