"""Fits forecasts of what corruptions do to a held scene, and sets their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from edge_adapt.drift._fit import centre_and_scale
from edge_adapt.drift._record import Record
from edge_adapt.drift._scene_changes import (
    foretold,
    likelihoods,
    N_AFTER,
    N_BEFORE,
    SceneChanges,
    whitening_of,
)
from edge_adapt.records import Array, F32, F64, I64
from edge_adapt.signals import IMAGE_GROUPS
import numpy as np

MIN_SCENES: Final = 100  # to fit a forecast to
_SCALE: Final = 0.03  # of the range of a feature: a smaller deviation cannot be seen
_ROUGH: Final = 5.0  # nat, the scale of restlessness: half a nat is then a tenth of it, the blur
_UNKNOWN: Final = 1e3  # ... that no scene has shown
_SLACK: Final = 2.0  # nat below what is unlikely
_RIDGE: Final = 3.0  # scenes that say a feature foretells nothing
_BLUR: Final = 0.01  # variance that every place has at least
_N_FOLDS: Final = 3
_N_PARTS: Final = 5  # of the scenes, each of which is held against what the others say
_N_CUTS: Final = 40_000  # drawn from the scenes of a fold, half of them within a class
_RARE: Final = 0.01  # share of what was seen that counts as unlikely
_LEAST: Final = 8.0  # nat: no clean scene counts for less


class _Places(NamedTuple):
    """
    Places of each scene, (n_scenes, n): before and after its middle, its last and its first.

    A scene may look otherwise at its end than at its start: what comes nearer gets sharper.
    """

    before: F64
    after: F64
    last: F64
    first: F64
    scenes: I64
    classes: I64

    def take(self, chosen: Array) -> _Places:
        return _Places(
            *(self.before[chosen], self.after[chosen], self.last[chosen], self.first[chosen]),
            *(self.scenes[chosen], self.classes[chosen]),
        )

    @staticmethod
    def of(record: Record, changes: SceneChanges) -> _Places:
        features = _image_features(record)
        scenes, start = np.unique(record.runs, return_index=True)
        found = []
        for scene in scenes:
            shown = features[record.runs == scene]
            middle = len(shown) // 2
            around = shown[: max(middle, 1)][-N_BEFORE:], shown[middle:][:N_AFTER]
            ends = shown[-N_BEFORE:], shown[:N_AFTER]
            found.append([changes.place(frames) for frames in (*around, *ends)])
        before, after, last, first = np.moveaxis(np.array(found), 1, 0)
        return _Places(before, after, last, first, scenes, record.classes[start])


def _image_features(record: Record) -> F64:
    features = np.concatenate([record.features[name] for name in IMAGE_GROUPS], axis=-1)
    return features.astype(np.float64)


def fit_changes(
    record: Record,
    corrupted: Mapping[str, Record],
    design: Record | None,
    margin: float,
    seed: int,
) -> SceneChanges | None:
    """
    Return forecasts for each corruption; None where fewer than MIN_SCENES scenes tell of them.

    `corrupted` has frames of the same scenes as `design`, or as `record` where that is None. Each
    threshold is `margin` times what no cut between two clean scenes reached that the forecast was
    not fitted to.
    """
    source = record if design is None else design
    blank = _blank(tuple(corrupted), _image_features(source))
    clean = _Places.of(source, blank)
    changed = {name: _Places.of(damaged, blank) for name, damaged in corrupted.items()}
    in_all = [np.isin(clean.scenes, places.scenes) for places in changed.values()]
    clean = clean.take(np.logical_and.reduce([np.ones(len(clean.scenes), bool), *in_all]))
    if not changed or len(clean.scenes) < MIN_SCENES:
        return None
    after = {
        name: places.after[np.searchsorted(places.scenes, clean.scenes)]
        for name, places in changed.items()
    }
    rng = np.random.default_rng(seed)
    folds = rng.permutation(len(clean.scenes)) % _N_FOLDS
    highest = []
    for fold in range(_N_FOLDS):
        kept = folds != fold
        part = _fitted(blank, clean.take(kept), {name: y[kept] for name, y in after.items()})
        highest.append(_highest(part, clean.take(~kept), rng))
    changes = _fitted(blank, clean, after)
    if design is not None:
        highest.append(_highest(changes, _Places.of(record, blank), rng))
    thresholds = margin * np.maximum(np.max(highest, axis=0), _LEAST)
    return replace(changes, thresholds=thresholds.astype(np.float32))


def _blank(names: tuple[str, ...], features: F64) -> SceneChanges:
    """Return changes that foretell nothing; their centre and scale tell what a place is."""
    centre, scale = centre_and_scale(features, _SCALE)
    n = len(centre) + 1
    return SceneChanges(
        names,
        np.append(centre, 0.0).astype(np.float32),
        np.append(scale, 1.0).astype(np.float32),
        forecasts=np.zeros((len(names), n, n + 1), np.float32),
        whitening=np.zeros((1 + len(names), n, n), np.float32),
        thresholds=np.ones(len(names), np.float32),
        least=np.full(1 + len(names), -np.inf, np.float32),
    )


def _fitted(blank: SceneChanges, clean: _Places, after: Mapping[str, F64]) -> SceneChanges:
    """Return forecasts from clean places and those of the same scenes after each corruption."""
    centre, scale = clean.before.mean(axis=0), blank.scale.copy()
    scale[-1] = _ROUGH if np.ptp(clean.before[:, -1]) else _UNKNOWN
    changes = replace(blank, centre=centre.astype(np.float32), scale=scale)
    x = changes.standardized(clean.before)
    parts = [np.arange(len(x)) % _N_PARTS == part for part in range(_N_PARTS)]
    forecasts, errors = [], [x]
    for places in after.values():
        y = changes.standardized(places)
        error = np.empty_like(y)
        for out in parts:
            error[out] = y[out] - foretold(_forecast(x[~out], y[~out]), x[out])
        forecasts.append(_forecast(x, y))
        errors.append(error)
    likely = [[likelihoods(e[out], _whitening(e[~out])) for out in parts] for e in errors]
    least = [np.quantile(np.concatenate(each), _RARE) for each in likely]
    return replace(
        changes,
        forecasts=_single(forecasts),
        whitening=_single([_whitening(error) for error in errors]),
        least=np.array(least, np.float32) - np.float32(_SLACK),
    )


def _single(arrays: list[F64]) -> F32:
    return np.stack(arrays).astype(np.float32)


def _forecast(x: F64, y: F64) -> F64:
    """Return F (n, n + 1) of y = F (x, 1), by least squares with a ridge on all but the 1."""
    inputs = np.column_stack([x, np.ones(len(x))])
    ridge = np.diag([*np.full(x.shape[1], _RIDGE), 1e-9])
    solved: F64 = np.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ y)
    return solved.T


def _whitening(errors: F64) -> F64:
    return whitening_of(np.cov(errors.T) + _BLUR * np.eye(errors.shape[1]))


def _highest(changes: SceneChanges, clean: _Places, rng: np.random.Generator) -> Array:
    """Return the largest L_c of cuts between clean scenes, and of scenes that stay."""
    n = len(clean.scenes)
    old, new = rng.integers(n, size=(2, _N_CUTS))
    by_class = np.argsort(clean.classes, kind='stable')
    starts = np.searchsorted(clean.classes[by_class], clean.classes)
    sizes = np.bincount(clean.classes)[clean.classes]
    half = _N_CUTS // 2
    others = starts[old[:half]] + rng.integers(sizes[old[:half]])
    new[:half] = by_class[others]
    stays = np.arange(n)
    steps = [
        (clean.before[old], clean.after[new]),
        (clean.last[old], clean.first[new]),
        (clean.before[stays], clean.after[stays]),
    ]
    before, after = (np.concatenate(places) for places in zip(*steps, strict=True))
    return np.asarray(changes.odds(before, after).max(axis=0))
