"""
A step seen inside one scene: the same picture, but brighter, darker, noisier, blurred or inverted.

A scene that changes between two frames as no scene does is a sensor or lamp that changed; a cut to
another scene is not. Two tests:

Levels, without knowing any corruption: two frames before the step agree, two after it agree, and
the picture after is an affine map of the one before. Block means are all that is compared.

Corruptions that the reference knows (`_scene_changes.py`): after a scene was held, the image
features jump to where one of them leads from there, and not to where another scene could be.
"""

from __future__ import annotations

from math import log, sqrt
from operator import mul
from typing import Final, NamedTuple

from edge_adapt.drift._scene_changes import N_AFTER, N_BEFORE, SceneChanges
from edge_adapt.drift._scene_watcher import SceneWatcher
from edge_adapt.drift._watcher import Sight
from edge_adapt.records import F32, Observation
from edge_adapt.signals import BLOCKS, IMAGE_GROUPS, PIXELS
from edge_adapt.signals.groups import gather, span_of
import numpy as np

_LIKE: Final = 0.95  # correlation above which two frames show the same picture
# ... and the same across a step. Of 200000 cuts between training tracks of GTSRB 0.98 takes 22 for
# steps, 0.99 three and 0.993 none; of affine steps inside a track they find 41, 31 and 24 %.
_LIKE_ACROSS: Final = 0.993
_SAME_GAIN, _SAME_OFFSET = 0.25, 0.125  # |ln gain| and |offset| of frames that agree
_STEP_GAIN, _STEP_OFFSET = 0.8, 0.4  # |ln gain| or |offset| of a step
_JUMP: Final = 8.0  # times as far, squared, as neighbours of the scene before
_NOTHING: Final = Sight(group=BLOCKS)
_SPAN: Final = span_of(IMAGE_GROUPS)


class SceneStep(SceneWatcher):
    """Alarms on a step between two frames of one scene; keeps some ten frames' features."""

    def _forget(self) -> None:
        self._maps: list[_Map] = []
        self._agreed: list[bool] = []  # whether each map is like the one before it
        changes = self.reference.changes if self._is_clean else None
        self._held = _Held(changes) if changes is not None else None

    def _look(self, observation: Observation) -> Sight:
        newer = _Map.of(observation.features[BLOCKS])
        agrees = bool(self._maps) and _agree(self._maps[-1], newer)
        self._maps, self._agreed = [*self._maps[-3:], newer], [*self._agreed[-2:], agrees]
        if self._held is not None:
            sight = self._held.look(gather(observation.features, IMAGE_GROUPS, _SPAN), agrees)
            if sight is not None:
                return sight
        if len(self._maps) < 4 or not (agrees and self._agreed[0]):
            return _NOTHING
        older, old, new, _ = self._maps
        size = max(_step(a, b) for a in (older, old) for b in (new, newer))
        return Sight(size, 1.0, BLOCKS, {'severity': f'{size:.2f} steps'}) if size else _NOTHING


class _Held:
    """Waits for a jump out of a scene that was held, then for the place it leads to."""

    def __init__(self, changes: SceneChanges) -> None:
        self._changes, self._scale = changes, 1 / changes.scale[:-1]
        self._before: list[F32] = []  # frames of one scene
        self._moves: list[float] = []  # how far each is from the one before it, squared
        self._after: list[F32] = []  # frames since a jump

    def look(self, features: F32, agrees: bool) -> Sight | None:
        """Take image features (32,) and whether they agree with those before."""
        if not self._after:
            self._wait(features, agrees)
            return None
        self._after.append(features)
        if len(self._after) < N_AFTER:
            return None
        ratio, name = self._changes.nearest(np.array(self._before), np.array(self._after))
        self._before, self._moves, self._after = self._after[-1:], [], []
        return Sight(ratio, 1.0, PIXELS, {'branch': name}) if ratio > 0 else None

    def _wait(self, features: F32, agrees: bool) -> None:
        is_held = len(self._before) == N_BEFORE
        if not agrees and not is_held:
            self._before, self._moves = [features], []
            return
        if self._before:
            step = (features - self._before[-1]) * self._scale
            move = float(step @ step)
            if is_held and move > _JUMP * max(self._moves):
                self._after = [features]
                return
            self._moves = [*self._moves[2 - N_BEFORE :], move]
        if agrees:
            self._before = [*self._before[1 - N_BEFORE :], features]
        else:
            self._before, self._moves = [features], []


class _Map(NamedTuple):
    """Block means less their mean; so few of them that plain floats are the fastest."""

    mean: float
    centred: list[float]
    energy: float  # the sum of their squares

    @staticmethod
    def of(blocks: F32) -> _Map:
        values = blocks.tolist()
        mean = sum(values) / len(values)
        centred = [value - mean for value in values]
        return _Map(mean, centred, max(sum(map(mul, centred, centred)), 1e-9))


def _affine(x: _Map, y: _Map) -> tuple[float, float, float]:
    """Return gain, offset and correlation of the least-squares map y = gain x + offset."""
    product = sum(map(mul, x.centred, y.centred))
    gain = product / x.energy
    return gain, y.mean - gain * x.mean, product / sqrt(x.energy * y.energy)


def _agree(x: _Map, y: _Map) -> bool:
    gain, offset, correlation = _affine(x, y)
    return correlation >= _LIKE and abs(log(gain)) <= _SAME_GAIN and abs(offset) <= _SAME_OFFSET


def _step(x: _Map, y: _Map) -> float:
    """Return the size of the step from x to y in thresholds; 0 for another picture."""
    gain, offset, correlation = _affine(x, y)
    if abs(correlation) < _LIKE_ACROSS:
        return 0.0
    if gain < 0:
        return 2.0  # an inverted picture is no matter of degree
    return max(abs(log(gain)) / _STEP_GAIN, abs(offset) / _STEP_OFFSET)
