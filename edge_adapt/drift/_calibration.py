"""
Turns the one knob people understand, frames between false alarms, into thresholds.

Streams are drawn from clean frames the residuals were not fitted to, in every order a camera may
deliver, with one frame in 200 spoiled. The maxima of blocks have an exponential tail; it is
extended to one crossing of any threshold in the interval asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_adapt.drift import _orders, _signature
from edge_adapt.drift._bank import Directions, fit_bank
from edge_adapt.drift._fit import (
    entropy_quantiles,
    fit,
    fit_domain,
    with_arrays,
    with_run_variances,
)
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._record import Record
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._run_statistic import RunStatistic
from edge_adapt.drift._signature import Signature
from edge_adapt.errors import UsageError
from edge_adapt.records import Array, F64
import numpy as np

MIN_FRAMES: Final = 200
ADVISED_FRAMES: Final = 1000
MIN_SCENES: Final = 12  # four a fold
_MIN_DAMAGED: Final = 50  # frames to fit a direction to
N_SIGNATURE: Final = 32  # frames a signature is made of
_N_FOLDS: Final = 3
_N_STREAMS: Final = 128  # at most, drawn side by side
_BLOCK: Final = 500  # frames a block
_TAIL: Final = 0.05  # share of the block maxima the tail is fitted to
_SPOILED: Final = 1 / 200

Progress = Callable[[float], None]
# residuals and classes of frame t of every stream
Frames = Callable[[int], tuple[F64, Array]]


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
        if self.interval < _BLOCK:
            raise UsageError(
                f'frames between false alarms must be {_BLOCK} or more, got {self.interval}'
            )
        if self.n_frames < _BLOCK or self.margin <= 0 or self.seed < 0:
            raise UsageError(
                f'draws must be {_BLOCK} or more, margin above 0 and seed not negative, got'
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
) -> Reference:
    """
    Return the reference of weights `version` from clean frames in stream order.

    `corrupted` has frames with each corruption that the bank is to know, of the same scenes as
    `record`; or as `design`, clean frames that serve for nothing else (those the network was
    trained on). Raises UsageError where there are too few frames or classes to say what is normal.
    """
    _check(record)
    rng = np.random.default_rng(knobs.seed)
    folds = _folds(record, rng)
    parts = [record.take(folds != fold) for fold in range(_N_FOLDS)]
    held_out = [record.take(folds == fold) for fold in range(_N_FOLDS)]
    clean = _clean_normals(record, parts, held_out, n_classes)
    domains = [fit_domain(part, n_classes, N_SIGNATURE) for part in (*parts, record)]
    banks = _banks(record, parts, corrupted or {}, design, n_classes)
    orders = _orders_of(record)
    counter = _Counter(progress, _N_FOLDS * len(orders) * (3 if banks else 2))
    found: dict[str, list[Array]] = {'clean': [], 'domain': [], 'bank': []}
    for fold in range(_N_FOLDS):
        streams = _Streams(held_out[fold], knobs.n_frames, rng)
        for order in orders:
            drawn = {
                'clean': (clean[fold], streams.residual(clean[fold], order), knobs.margin),
                'domain': (domains[fold], streams.domain(domains[fold], order), knobs.margin),
            }
            if banks:
                frames = streams.residual(banks[fold], order)
                drawn['bank'] = (banks[fold], frames, knobs.bank_margin)
            for name, (normal, frames, margin) in drawn.items():
                limits = _limits(normal, frames, streams.length, knobs.interval)
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


class _Streams:
    """Draws streams from held-out frames; one frame in 200 is a random one at the limits."""

    def __init__(self, record: Record, n_frames: int, rng: np.random.Generator) -> None:
        self._record, self._rng = record, rng
        self.n = min(max(n_frames // _BLOCK, 1), _N_STREAMS)
        self.length = _BLOCK * -(-n_frames // (self.n * _BLOCK))

    def residual(self, normal: Normal, order: _orders.Order) -> Frames:
        """Return frames as residuals about what is normal."""
        features = normal.gather(self._record.features)
        residuals = normal.residuals(features, self._record.predicted)
        indices = self._draw(order)

        def frames(t: int) -> tuple[F64, Array]:
            drawn = indices[:, t]
            return self._spoil(normal, residuals[drawn], self._record.predicted[drawn])

        return frames

    def domain(self, normal: Normal, order: _orders.Order) -> Frames:
        """Return frames as residuals about a signature that each stream makes by itself."""
        features = normal.gather(self._record.features)
        indices = self._draw(order)
        signatures = [Signature.of(features[drawn[:N_SIGNATURE]]) for drawn in self._draw(order)]
        mean = np.stack([signature.mean for signature in signatures])
        deviation = np.stack([signature.deviation for signature in signatures])
        about = Signature(mean, deviation)

        def frames(t: int) -> tuple[F64, Array]:
            drawn = indices[:, t]
            residuals = _signature.domain_residuals(normal, about, features[drawn])
            return self._spoil(normal, residuals, self._record.predicted[drawn])

        return frames

    def _draw(self, order: _orders.Order) -> Array:
        record = self._record
        drawn = [order(record.classes, record.runs, self.length, self._rng) for _ in range(self.n)]
        return np.stack(drawn)

    def _spoil(self, normal: Normal, residuals: F64, predicted: Array) -> tuple[F64, Array]:
        spoiled = np.flatnonzero(self._rng.random(len(predicted)) < _SPOILED)
        if len(spoiled):
            shape = (len(spoiled), residuals.shape[1])
            limits = self._rng.choice([-normal.limit, normal.limit], shape)
            residuals, predicted = residuals.copy(), predicted.copy()
            residuals[spoiled] = normal.bounded(limits)
            predicted[spoiled] = self._rng.integers(normal.n_classes, size=len(spoiled))
        return residuals, predicted


def _limits(normal: Normal, frames: Frames, length: int, interval: int) -> Array:
    """Return what statistics (n_scales, 1 + n_groups) pass once in the interval, all together."""
    first = frames(0)
    statistic = RunStatistic(normal, len(first[1]), np.float32)
    blocks = []
    for start in range(0, length - _BLOCK + 1, _BLOCK):
        top = statistic.update(*frames(start))
        for t in range(start + 1, start + _BLOCK):
            np.maximum(top, statistic.update(*frames(t)), out=top)
        blocks.append(top)
    maxima = np.concatenate(blocks)  # (n_streams * n_blocks, n_scales, 1 + n_groups)
    bend = np.quantile(maxima, 1 - _TAIL, axis=0)
    excess = np.where(maxima >= bend, maxima - bend, np.nan)
    slope = np.nanmean(excess, axis=0)
    # P(block maximum > x) = tail * exp(-(x - bend) / slope), to be block / (interval * n)
    n_thresholds = maxima[0].size
    n_slopes = np.log(max(_TAIL * interval * n_thresholds / _BLOCK, 1.0))
    return np.asarray(bend + slope * n_slopes)


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
            indices = order(record.classes, record.runs, 300 * N_SIGNATURE, rng)
            windows = features[indices].reshape(-1, N_SIGNATURE, features.shape[1])
            distances += [_signature.distance(domain, signature, window) for window in windows]
    return 1.5 * float(np.quantile(distances, 0.999))
