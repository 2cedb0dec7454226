"""
Turns the one knob people understand, frames between false alarms, into thresholds.

Streams are drawn from clean frames the residuals were not fitted to, in every order a camera may
deliver; `_thresholds.py` has what their statistics ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_adapt.drift import _orders, _signature, _thresholds
from edge_adapt.drift._bank import Directions, fit_bank
from edge_adapt.drift._fit import (
    entropy_quantiles,
    fit,
    fit_domain,
    with_arrays,
    with_run_variances,
)
from edge_adapt.drift._fit_changes import fit_changes
from edge_adapt.drift._fit_odds import fit_odds
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._record import Record
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._signature import Signature
from edge_adapt.drift._thresholds import limits_of, Streams
from edge_adapt.errors import UsageError
from edge_adapt.records import Array
import numpy as np

MIN_FRAMES: Final = 200
ADVISED_FRAMES: Final = 1000
MIN_SCENES: Final = 12  # four a fold
_MIN_DAMAGED: Final = 50  # frames to fit a direction to
_N_FOLDS: Final = 3

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Knobs:
    """
    What a person chooses: `interval`, expected frames between false alarms; the rest is advice.

    `margin` multiplies the thresholds, `bank_margin` those of the bank of corruptions;
    `n_frames` are drawn for every fold and order.
    """

    interval: int = 300_000
    margin: float = 1.3
    n_frames: int = 100_000
    seed: int = 0
    bank_margin: float = 0.85

    def __post_init__(self) -> None:
        shortest = _thresholds.BLOCK
        if self.interval < shortest:
            raise UsageError(
                f'frames between false alarms must be {shortest} or more, got {self.interval}'
            )
        if self.n_frames < shortest or self.margin <= 0 or self.seed < 0:
            raise UsageError(
                f'draws must be {shortest} or more, margin above 0 and seed not negative, got'
                f' {self.n_frames}, {self.margin:g} and {self.seed}'
            )


def calibrate(
    record: Record,
    n_classes: int,
    version: str,
    knobs: Knobs,
    progress: Progress = lambda done: None,
    corrupted: Mapping[str, Record] | None = None,
    design: Record | None = None,
    stepped: Mapping[str, Record] | None = None,
) -> Reference:
    """
    Return the reference of weights `version` from clean frames in stream order.

    `corrupted` has frames with each corruption that the bank is to know, of the same scenes as
    `record`; or as `design`, clean frames that serve for nothing else (those the network was
    trained on). `stepped` has frames with corruptions that the bank is not to know, as they harm
    little; where one begins inside a scene it is a step all the same. Raises UsageError where
    there are too few frames or classes to say what is normal.
    """
    _check(record)
    rng = np.random.default_rng(knobs.seed)
    folds = _folds(record, rng)
    parts = [record.take(folds != fold) for fold in range(_N_FOLDS)]
    held_out = [record.take(folds == fold) for fold in range(_N_FOLDS)]
    clean = _clean_normals(record, parts, held_out, n_classes)
    domains = [fit_domain(part, n_classes, _signature.N_FRAMES) for part in (*parts, record)]
    banks = _banks(record, parts, corrupted or {}, design, n_classes)
    damaged = {**(corrupted or {}), **(stepped or {})}
    orders = _orders_of(record)
    counter = _Counter(progress, _N_FOLDS * len(orders) * (3 if banks else 2))
    found: dict[str, list[Array]] = {'clean': [], 'domain': [], 'bank': []}
    for fold in range(_N_FOLDS):
        streams = Streams(held_out[fold], knobs.n_frames, rng)
        for order in orders:
            drawn = {
                'clean': (clean[fold], streams.residual(clean[fold], order), knobs.margin),
                'domain': (domains[fold], streams.domain(domains[fold], order), knobs.margin),
            }
            if banks:
                frames = streams.residual(banks[fold], order)
                drawn['bank'] = (banks[fold], frames, knobs.bank_margin)
            for name, (normal, frames, margin) in drawn.items():
                limits = limits_of(normal, frames, streams.length, knobs.interval)
                found[name].append(margin * limits)
                counter.step()

    def calibrated(normal: Normal, name: str) -> Normal:
        return with_arrays(normal, thresholds=np.max(found[name], axis=0))

    return Reference(
        version,
        calibrated(clean[-1], 'clean'),
        calibrated(domains[-1], 'domain'),
        _match_limit(domains, held_out, orders, rng),
        entropy_quantiles(record, n_classes),
        calibrated(banks[-1], 'bank') if banks else None,
        fit_changes(record, damaged, design, knobs.margin, knobs.seed),
        fit_odds(record, damaged, design, knobs.interval),
        about={
            'n_frames': len(record),
            'interval': knobs.interval,
            'margin': knobs.margin,
            'seed': knobs.seed,
            'orders': [order.__name__ for order in orders],
            'bank': list(corrupted or {}),
        },
    )


class _Counter:
    """Tells the share of the steps that is done."""

    def __init__(self, progress: Progress, n_steps: int) -> None:
        self._progress, self._n_steps, self._n_done = progress, n_steps, 0

    def step(self) -> None:
        self._n_done += 1
        self._progress(self._n_done / self._n_steps)


def _banks(
    record: Record,
    parts: list[Record],
    corrupted: Mapping[str, Record],
    design: Record | None,
    n_classes: int,
) -> list[Normal]:
    """Return the bank without each fold's scenes, and then with all; nothing without a bank."""
    if not corrupted:
        return []
    designed = None if design is None else Directions.of(design, corrupted)
    banks = []
    for part in (*parts, record):
        directions = designed
        if directions is None:
            seen = {name: _of_scenes(damaged, part) for name, damaged in corrupted.items()}
            directions = Directions.of(part, seen)
        banks.append(fit_bank(part, directions, n_classes))
    return banks


def _of_scenes(damaged: Record, part: Record) -> Record:
    """Return the frames of the scenes in `part`; all of them where hardly any scene is known."""
    of_part = np.isin(damaged.runs, part.runs)
    return damaged.take(of_part) if of_part.sum() >= _MIN_DAMAGED else damaged


def _check(record: Record) -> None:
    if len(record) < MIN_FRAMES:
        raise UsageError(
            f'a reference needs {MIN_FRAMES} clean frames or more, better {ADVISED_FRAMES};'
            f' got {len(record)}'
        )
    classes = np.unique(record.predicted)
    if len(classes) < 2:
        raise UsageError(
            f'a reference needs frames of two classes or more; all are predicted {classes[0]}'
        )
    n_scenes = len(np.unique(record.runs))
    if n_scenes < MIN_SCENES:
        raise UsageError(
            f'a reference needs {MIN_SCENES} scenes or more, to tell what differs between them;'
            f' got {n_scenes}: let more classes, or more objects, pass by'
        )


def _folds(record: Record, rng: np.random.Generator) -> Array:
    """Return the fold of each frame; a run is never split between folds."""
    _, run = np.unique(record.runs, return_inverse=True)
    return (rng.permutation(int(run.max()) + 1) % _N_FOLDS)[run]


def _clean_normals(
    record: Record, parts: list[Record], held_out: list[Record], n_classes: int
) -> list[Normal]:
    """Return what is normal without each fold, and then with all."""
    normals = [fit(part, n_classes) for part in (*parts, record)]
    if record.independent:
        return normals
    return [with_run_variances(normal, held_out) for normal in normals]


def _orders_of(record: Record) -> list[_orders.Order]:
    if record.independent:
        return [_orders.class_runs, _orders.shuffled]
    return [_orders.class_runs_of_tracks, _orders.tracks, _orders.shuffled]


def _match_limit(
    domains: list[Normal],
    held_out: list[Record],
    orders: list[_orders.Order],
    rng: np.random.Generator,
) -> float:
    """Return 1.5 times the distance that clean windows pass once in a thousand."""
    distances = []
    for domain, record in zip(domains[:-1], held_out, strict=True):
        features = domain.gather(record.features)
        signature = Signature(domain.centre, domain.scale)
        for order in orders:
            indices = order(record.classes, record.runs, 300 * _signature.N_FRAMES, rng)
            windows = features[indices].reshape(-1, _signature.N_FRAMES, features.shape[1])
            distances += [_signature.distance(domain, signature, window) for window in windows]
    return 1.5 * float(np.quantile(distances, 0.999))
