"""A float head on float features, rounded: features to levels of 8 bits, weights to int8."""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Head, Quantize
from edge_adapt.records import Array, F32, F64
import numpy as np

_LEVELS = 127


def head_layers(n_features: int, n_classes: int, source: str) -> tuple[Quantize, Head]:
    """Return the two layers that stand for a float head on the features of layer `source`."""
    return (
        Quantize(name='quantize', n=n_features, sources=(source,)),
        Head(name='head', n_in=n_features, n_classes=n_classes),
    )


def head_tensors(weights: F64, bias: F64, features: F32, room: float = 1.0) -> dict[str, Array]:
    """
    Return the tensors of both layers, for weights (n_classes, n_features) and bias (n_classes,).

    Levels cover `room` times the range of `features` (n, n_features) on clean images. Rounding
    moves a logit by at most sum(|w| * step) / 2 for the features, and scale / 2 a weight.
    """
    if not np.isfinite(features).all():
        raise UsageError('the network gives NaN or infinite features on the clean images')
    low, high = features.min(axis=0), features.max(axis=0)
    offsets = ((low + high) / 2).astype(np.float32)
    steps = (room * (high - low) / (2 * _LEVELS)).astype(np.float32)
    steps = np.where(steps > 0, steps, np.float32(1))  # a feature that never changes
    scaled = weights * steps
    scale = np.float32(max(np.abs(scaled).max().item() / _LEVELS, 1e-30))
    rounded = np.rint((bias + weights @ offsets) / scale)
    return {
        'quantize.offsets': offsets,
        'quantize.steps': steps,
        'head.weights': np.rint(scaled / scale).astype(np.int8),
        'head.bias': np.clip(rounded, -(2**30), 2**30).astype(np.int32),
        'head.scale': np.asarray(scale),
    }


def feature_statistics(features: F32) -> dict[str, Array]:
    """Return the statistics that recalibration of the features returns to."""
    return {
        'quantize.mean': features.mean(axis=0, dtype=np.float64).astype(np.float32),
        'quantize.deviation': features.std(axis=0, dtype=np.float64).astype(np.float32),
    }
