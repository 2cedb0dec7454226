"""
A guard for frames without information: no spread, the same image, or the same answer, for long.

A covered lens, a black or saturated sensor, a frozen driver and a network stuck at one answer
look more alike than clean frames ever do, and that is where detectors of change may be blind.
"""

from __future__ import annotations

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
_WATCHED: Final = (PIXELS, BLOCKS, OUTPUT)
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
        self._before: tuple[F32, ...] | None = None
        self._counts = [0] * len(_CAUSES)

    def _look(self, observation: Observation) -> Sight:
        pixels, blocks, output = now = tuple(observation.features[name] for name in _WATCHED)
        before, self._before = self._before or (pixels + 1, blocks, output + 1), now
        same_image = _equal(pixels, before[0]) and _equal(blocks, before[1])
        findings = (
            pixels.item(_LOG_DEVIATION) <= self._empty,
            same_image,
            not same_image and _equal(output, before[2]),
        )
        counts = [n + 1 if holds else 0 for n, holds in zip(self._counts, findings, strict=True)]
        self._counts, longest = counts, max(counts)
        if longest < self._n_frames:
            return Sight(float(longest), self._n_frames - 0.5)
        cause = _CAUSES[counts.index(longest)]
        group = OUTPUT if cause == 'same answer' else PIXELS
        details = {'cause': cause, 'severity': 'no information'}
        return Sight(float(longest), self._n_frames - 0.5, group, details)


def _equal(now: F32, before: F32) -> bool:
    """Return whether features are what they were in the frame before."""
    # the first one tells most frames apart, at a tenth of the cost of all
    first: float = now.item(0) - before.item(0)
    return abs(first) <= _EQUAL and bool(np.abs(now - before).max() <= _EQUAL)
