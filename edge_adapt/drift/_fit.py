"""Fits what is normal to a recording of clean frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge_adapt.drift._normal import Normal, RESIDUAL_LIMIT
from edge_adapt.drift._record import Record
from edge_adapt.records import Array, F32
from edge_adapt.signals import IMAGE_GROUPS, OUTPUT
import numpy as np

_N_SCALES = 2
_N_QUANTILES = 33
# A feature that never moves on clean frames keeps a small scale: any change of it counts. In
# another domain it may well move, so there the scale is what can be seen: 3 % of the range.
CLEAN_SCALE, _DOMAIN_SCALE = 1e-3, 0.03
# Frames at the global mean, added to every class: a bias that held-out frames show the thresholds.
# With two in their place a roll of digits is found after 33 frames, not 18 (tuning seed 100).
_MEAN_PRIOR = 20.0
_TRACK_PRIOR = 2.0  # the same in tracks
_FULL_TRACK = 10.0  # frames: a shorter track counts for less
_SCALE_PRIOR = 50.0  # frames of variance 1, added to every class
INDEPENDENT_BETWEEN = 0.01  # between-run variance where frames of a run are independent
_DOMAIN_BETWEEN = 0.3  # at least: what is quiet on clean frames may move in another domain
_RUN_LENGTHS = (8, 16, 30)  # frames, at which the spread of run means is measured


def fit(record: Record, n_classes: int) -> Normal:
    """Return class-conditional residuals for the frames of `record`; thresholds are still 1."""
    groups = {name: values.shape[-1] for name, values in record.features.items()}
    features = np.concatenate(list(record.features.values()), axis=-1).astype(np.float64)
    centre, scale = centre_and_scale(features, CLEAN_SCALE)
    standardized = (features - centre) / scale
    means, counts = _class_means(standardized, record, n_classes)
    centred = standardized - means[record.predicted]
    whitening = _whitening(np.clip(centred, -RESIDUAL_LIMIT, RESIDUAL_LIMIT), groups, 0.1)
    scales = _class_scales(centred @ whitening.T, record.predicted, n_classes)
    n_features = features.shape[1]
    errors = 1 / np.maximum(counts, 1) if record.independent else np.zeros(n_classes)
    return normal_of(
        tuple(groups),
        groups,
        centre=centre,
        scale=scale,
        whitening=whitening,
        class_means=means,
        class_scales=scales,
        within=np.ones(n_features),
        between=np.full(n_features, INDEPENDENT_BETWEEN),
        class_errors=errors,
        offset=np.zeros(n_features),
    )


def with_run_variances(normal: Normal, held_out: list[Record]) -> Normal:
    """Return `normal` with variances within and between runs, from frames it was not fitted to."""
    parts = []
    for record in held_out:
        features = normal.gather(record.features)
        parts.append(run_variances(normal.residuals(features, record.predicted), record.runs))
    total = np.mean([total for total, _ in parts], axis=0)
    between = np.mean([between for _, between in parts], axis=0)
    return with_arrays(normal, between=between, within=np.maximum(total - between, 0.05))


def run_variances(residuals: Array, runs: Array) -> tuple[Array, Array]:
    """
    Return the variance of residuals (n, d), and its part between runs; both (d,).

    b = max over m of (var of m-frame means - v / m) / (1 - 1/m), v the variance.
    """
    total = (residuals**2).mean(axis=0)
    found = [np.full(residuals.shape[1], INDEPENDENT_BETWEEN)]
    order = np.argsort(runs, kind='stable')
    starts = np.flatnonzero(np.diff(runs[order], prepend=-1))
    members = np.split(order, starts[1:])
    for length in _RUN_LENGTHS:
        means = [residuals[run[:length]].mean(axis=0) for run in members if len(run) >= length]
        if len(means) >= 8:
            spread = (np.array(means) ** 2).mean(axis=0)
            found.append((spread - total / length) / (1 - 1 / length))
    return total, np.max(found, axis=0)


def fit_domain(record: Record, n_classes: int, n_signature: int) -> Normal:
    """
    Return residuals that know neither class nor weights: of image features about a domain's mean.

    A signature may come from `n_signature` frames of one single run, so the class of that run is
    an error which all later frames share (`offset`), and the class of each later run another one.
    """
    groups = {name: record.features[name].shape[-1] for name in IMAGE_GROUPS}
    features = np.concatenate([record.features[name] for name in groups], axis=-1)
    centre, scale = centre_and_scale(features.astype(np.float64), _DOMAIN_SCALE)
    standardized = (features - centre) / scale
    whitening = _whitening(np.clip(standardized, -RESIDUAL_LIMIT, RESIDUAL_LIMIT), groups, 0.1)
    residuals = standardized @ whitening.T
    between = between_classes(residuals, record, n_classes, _DOMAIN_BETWEEN)
    within = np.maximum((residuals**2).mean(axis=0) - between, 0.3)
    return normal_of(
        tuple(groups),
        groups,
        centre=centre,
        scale=scale,
        whitening=whitening,
        class_means=np.zeros((n_classes, len(centre))),
        class_scales=np.ones(n_classes),
        within=within,
        between=between,
        class_errors=np.zeros(n_classes),
        offset=between + within / n_signature,
    )


def between_classes(residuals: Array, record: Record, n_classes: int, smallest: float) -> Array:
    """Return the variance of a run's mean where the class is not known: of classes and scenes."""
    means, _ = _class_means(residuals, record, n_classes)
    present = np.unique(record.predicted)
    between: Array = np.maximum((means[present] ** 2).mean(axis=0), smallest)
    if record.independent:
        return between
    return np.maximum(between, run_variances(residuals, record.runs)[1])


def with_arrays(normal: Normal, **arrays: Array) -> Normal:
    """Return `normal` with some arrays exchanged, as float32."""
    singles: dict[str, Any] = {name: array.astype(np.float32) for name, array in arrays.items()}
    return replace(normal, **singles)


def normal_of(sources: tuple[str, ...], groups: Mapping[str, int], **arrays: Array) -> Normal:
    """Return what is normal, from arrays of any type; thresholds are still 1."""
    thresholds = np.ones((_N_SCALES, 1 + len(groups)), np.float32)
    singles: dict[str, Any] = {name: array.astype(np.float32) for name, array in arrays.items()}
    return Normal(sources, groups, thresholds=thresholds, **singles)


def centre_and_scale(features: Array, smallest: float) -> tuple[Array, Array]:
    """Return mean and standard deviation of features (n, d), no deviation below `smallest`."""
    return features.mean(axis=0), np.maximum(features.std(axis=0), smallest)


def _class_means(standardized: Array, record: Record, n_classes: int) -> tuple[Array, Array]:
    """Return the shrunk mean of each class (n_classes, d), and its weight in frames or tracks."""
    weight, prior = np.ones(len(record)), _MEAN_PRIOR
    if not record.independent:
        _, run, length = np.unique(record.runs, return_inverse=True, return_counts=True)
        weight = np.minimum(length / _FULL_TRACK, 1)[run] / length[run]
        prior = _TRACK_PRIOR
    sums = np.zeros((n_classes, standardized.shape[1]))
    np.add.at(sums, record.predicted, weight[:, None] * standardized)
    counts = np.bincount(record.predicted, weight, n_classes)
    return sums / (counts + prior)[:, None], counts


def _whitening(residuals: Array, groups: Mapping[str, int], diagonal: float) -> Array:
    """
    Return A = diag(e)^(-1/2) U' of each group's covariance C = U diag(e) U'.

    The share `diagonal` of C is its diagonal alone.
    """
    covariance = residuals.T @ residuals / len(residuals)
    whitening = np.zeros_like(covariance)
    start = 0
    for size in groups.values():
        block = slice(start, start + size)
        group = covariance[block, block]
        group = (1 - diagonal) * group + diagonal * np.diag(np.diag(group)) + 1e-4 * np.eye(size)
        values, vectors = np.linalg.eigh(group)
        whitening[block, block] = (vectors / np.sqrt(np.maximum(values, 1e-3))).T
        start += size
    return whitening


def _class_scales(residuals: Array, predicted: Array, n_classes: int) -> Array:
    """Return q_k: the spread of each class, shrunk towards 1; (n_classes,)."""
    squares = (np.clip(residuals, -3, 3) ** 2).mean(axis=1)
    counts = np.bincount(predicted, minlength=n_classes)
    sums = np.bincount(predicted, squares, n_classes)
    return np.sqrt((sums + _SCALE_PRIOR) / (counts + _SCALE_PRIOR))


def entropy_quantiles(record: Record, n_classes: int) -> F32:
    """
    Return quantiles of the logarithm of entropy for each predicted class, (n_classes, 33).

    A class with too few frames gets those of all classes.
    """
    levels = np.linspace(0, 1, _N_QUANTILES)
    values = record.features[OUTPUT][:, 0]
    quantiles = np.tile(np.quantile(values, levels), (n_classes, 1))
    for k in range(n_classes):
        own = values[record.predicted == k]
        if len(own) >= _N_QUANTILES:
            quantiles[k] = np.quantile(own, levels)
    return quantiles.astype(np.float32)
