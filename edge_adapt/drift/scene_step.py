"""
A step seen inside one scene: the same picture, but brighter, darker, flatter or inverted.

A scene that changes its levels between two frames is a sensor or lamp that changed; a cut to
another scene is not. Two frames before the step agree, two after it agree, and the picture after
is an affine map of the one before. Block means of the image are all that is compared.
"""

from __future__ import annotations

from typing import Final

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._watcher import Sight, Watcher
from edge_adapt.records import F32, Observation
from edge_adapt.signals import BLOCKS
import numpy as np

_LIKE: Final = 0.95  # correlation above which two frames show the same picture
# ... and the same across a step. With 16 blocks 0.95 takes 47 of 10000 cuts between tracks of
# GTSRB for steps, 0.98 takes 4 and finds 45 % of affine steps inside a track; 64 blocks find 34 %.
_LIKE_ACROSS: Final = 0.98
_SAME_GAIN, _SAME_OFFSET = 0.25, 0.125  # |ln gain| and |offset| of frames that agree
_STEP_GAIN, _STEP_OFFSET = 0.8, 0.4  # |ln gain| or |offset| of a step


class SceneStep(Watcher):
    """Alarms on a step of gain or level between two frames of one scene; keeps four frames."""

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)

    def _forget(self) -> None:
        self._maps: list[F32] = []

    def _look(self, observation: Observation) -> Sight:
        self._maps = [*self._maps[-3:], observation.features[BLOCKS]]
        if len(self._maps) < 4:
            return Sight(group=BLOCKS)
        older, old, new, newer = self._maps
        if not (_agree(older, old) and _agree(new, newer)):
            return Sight(group=BLOCKS)
        size = max(_step(a, b) for a in (older, old) for b in (new, newer))
        return Sight(size, 1.0, BLOCKS, {'severity': f'{size:.2f} steps'})


def _affine(x: F32, y: F32) -> tuple[float, float, float]:
    """Return gain, offset and correlation of the least-squares map y = gain x + offset."""
    dx, dy = x - x.mean(), y - y.mean()
    variance = max(float(dx @ dx), 1e-9)
    gain = float(dx @ dy) / variance
    correlation = float(dx @ dy) / max((variance * float(dy @ dy)) ** 0.5, 1e-9)
    return gain, float(y.mean() - gain * x.mean()), correlation


def _agree(x: F32, y: F32) -> bool:
    gain, offset, correlation = _affine(x, y)
    return correlation >= _LIKE and abs(np.log(gain)) <= _SAME_GAIN and abs(offset) <= _SAME_OFFSET


def _step(x: F32, y: F32) -> float:
    """Return the size of the step from x to y in thresholds; 0 for another picture."""
    gain, offset, correlation = _affine(x, y)
    if abs(correlation) < _LIKE_ACROSS:
        return 0.0
    if gain < 0:
        return 2.0  # an inverted picture is no matter of degree
    return max(abs(float(np.log(gain))) / _STEP_GAIN, abs(offset) / _STEP_OFFSET)
