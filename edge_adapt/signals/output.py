"""Signals of the output: how sure the network is."""

from __future__ import annotations

from edge_adapt.records import Array, F32
import numpy as np

_ENTROPY_OFFSET = 0.001  # nat


def log_sum_exp(logits: Array) -> Array:
    """Return ln(sum(exp(logits))), (..., n) -> (...); safe for any finite logits."""
    top = logits.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(logits - top).sum(axis=-1)) + top[..., 0])


def softmax(logits: Array) -> F32:
    """Return class probabilities, (..., n) -> (..., n)."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), np.float32)


def entropy(probabilities: Array) -> Array:
    """Return the Shannon entropy in nat, (..., n) -> (...): 0 is certain, ln(n) knows nothing."""
    return np.asarray(-(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(axis=-1))


def margin(values: Array) -> Array:
    """Return the largest value less the second, (..., n) -> (...)."""
    top = np.partition(values, -2, axis=-1)
    return np.asarray(top[..., -1] - top[..., -2])


def energy(logits: Array) -> Array:
    """Return -ln(sum(exp(logits))), (..., n) -> (...): high far from data (Liu et al., 2020)."""
    return -log_sum_exp(logits)


def label_error(predicted: Array, labels: Array) -> F32:
    """Return 1 where the prediction is wrong, else 0. The one signal that needs true labels."""
    return np.not_equal(predicted, labels).astype(np.float32)


def output_features(logits: Array) -> F32:
    """Return (..., 4): OUTPUT_NAMES. logits (..., n_classes), at least two classes."""
    logits = np.asarray(logits, np.float64)
    top = logits.max(axis=-1, keepdims=True)
    shifted = logits - top
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=-1)
    log_total = np.log(total)
    # H = ln(sum e^l) - sum l e^l / sum e^l, with l = logits - top
    uncertainty = np.maximum(log_total - (shifted * exponentials).sum(axis=-1) / total, 0.0)
    values = (
        np.log(uncertainty + _ENTROPY_OFFSET),
        log_total + top[..., 0],
        margin(logits),
        logits.std(axis=-1),
    )
    return np.stack(values, axis=-1).astype(np.float32)
