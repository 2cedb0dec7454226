"""Fits what scenes look like under corruptions, and counts clean ones that look so by nature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from edge_adapt.drift._fit import centre_and_scale
from edge_adapt.drift._odds import described, Odds, SHORTEST
from edge_adapt.drift._record import Record
from edge_adapt.records import Array, F64, I64
from edge_adapt.signals import IMAGE_GROUPS
import numpy as np

MIN_SCENES: Final = 127  # clean ones: of fewer none is rare enough to count
# So much rarer than asked for, as scenes come in runs of a class and the same ones come again.
_RARER: Final = 10.0
_SHARES: Final = 1 / 2.0 ** np.arange(2, 8)  # of clean scenes above the levels
_SCALE: Final = 0.03  # of the range of a feature: a smaller deviation cannot be seen
_RIDGE: Final = 0.1
_N_PARTS: Final = 5  # of the scenes, each of which is scored by what the others say
# A level lies above its clean scenes by this share of the way to where corrupted ones begin.
_GAP: Final = 0.3
_LOW: Final = 0.1  # share of corrupted scenes below where they begin


class _Scenes(NamedTuple):
    """Means of the image features over each scene, (n_scenes, n), by the scene's number."""

    means: F64
    numbers: I64

    @staticmethod
    def of(record: Record) -> _Scenes:
        numbers, which = np.unique(record.runs, return_inverse=True)
        features = np.concatenate([record.features[name] for name in IMAGE_GROUPS], axis=-1)
        sums = np.zeros((len(numbers), features.shape[1]))
        np.add.at(sums, which, features)
        return _Scenes(sums / np.bincount(which)[:, np.newaxis], numbers)

    def only(self, numbers: I64) -> F64:
        return self.means[np.searchsorted(self.numbers, numbers)]


def fit_odds(
    record: Record, corrupted: Mapping[str, Record], design: Record | None, interval: int
) -> Odds | None:
    """
    Return what scenes count for each corruption; None where fewer than MIN_SCENES tell of them.

    `corrupted` has frames of the same scenes as `design`, or as `record` where that is None. Where
    frames of a run are independent of each other a run is no scene: None, too. Thresholds let less
    than one clean scene pass in `interval` frames, all corruptions together.
    """
    if record.independent or not corrupted:
        return None
    source = _Scenes.of(record if design is None else design)
    changed = {name: _Scenes.of(damaged) for name, damaged in corrupted.items()}
    shared = source.numbers
    for scenes in changed.values():
        shared = np.intersect1d(shared, scenes.numbers)
    if len(shared) < MIN_SCENES:
        return None
    clean = source.only(shared)
    centre, scale = centre_and_scale(clean, _SCALE)
    x = described(clean, centre, scale)
    more = x[:0] if design is None else described(_Scenes.of(record).means, centre, scale)
    found = []
    for scenes in changed.values():
        y = described(scenes.only(shared), centre, scale)
        direction, offset = _direction(x, y)
        own, theirs = _cross_scored(x, y)
        levels, evidence = _pieces(np.append(own, more @ direction - offset), theirs)
        found.append((direction, offset, levels, evidence))
    # Of a sum of log ratios that falls to 0 at least, one in exp(h) clean scenes lifts it past h
    # (Lorden, 1971).
    threshold = np.log(max(_RARER * len(found) * interval / SHORTEST, np.e))
    thresholds = np.full(len(found), threshold)
    arrays = [centre, scale, *(np.array(each) for each in zip(*found, strict=True)), thresholds]
    return Odds(tuple(corrupted), *(array.astype(np.float32) for array in arrays))


def _direction(x: F64, y: F64) -> tuple[F64, float]:
    """Return Fisher's direction from clean x to corrupted y, and the offset of its scores."""
    spread = np.cov(x.T) + np.cov(y.T) + _RIDGE * np.eye(x.shape[1])
    direction = np.linalg.solve(spread, y.mean(axis=0) - x.mean(axis=0))
    direction /= max(float((x @ direction).std()), 1e-9)
    return direction, float((x @ direction).mean())


def _cross_scored(x: F64, y: F64) -> tuple[F64, F64]:
    """Return scores of clean and corrupted scenes by what the other parts' scenes say."""
    own, theirs = np.zeros(len(x)), np.zeros(len(x))
    parts = np.arange(len(x)) % _N_PARTS
    for part in range(_N_PARTS):
        out = parts == part
        direction, offset = _direction(x[~out], y[~out])
        own[out], theirs[out] = x[out] @ direction - offset, y[out] @ direction - offset
    return own, theirs


def _pieces(own: F64, theirs: F64) -> tuple[Array, Array]:
    """Return levels, rising, and the evidence of the pieces they make of clean scores `own`."""
    ranks = np.ceil(_SHARES * len(own)).astype(int)
    levels = np.sort(own)[len(own) - ranks]
    levels += _GAP * np.maximum(np.quantile(theirs, _LOW) - levels, 0.0)
    clean = -np.diff([len(own) + 1, *ranks, 0]) / (len(own) + 1)
    counts = np.bincount(np.searchsorted(levels, theirs), minlength=len(clean))
    # half a corrupted scene more, spread as clean ones are: a piece may be empty by chance
    corrupted = (counts + 0.5 * clean) / (len(theirs) + 0.5)
    return levels, np.log(corrupted / clean)
