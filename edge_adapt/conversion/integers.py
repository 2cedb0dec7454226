"""Float tensors as the integers they stand for: thresholds, weights, heads."""

from __future__ import annotations

from edge_adapt.records import Array, F64, I8, I32, U8
import numpy as np

_LEVELS = 127
_TOLERANCE = 1e-4  # of a step: float32 weights that were rounded once lie far closer
_SNAP = 1e-9


def thresholds_at(root: F64, falling: Array, reach: Array) -> tuple[I32, U8]:
    """
    Return (thresholds, flips), both (n,), of a rising or falling line's sign at integers.

    Rising: bit = sum >= ceil(root). Falling: bit = sum <= root = not (sum >= floor(root) + 1), a
    flip. A root at -inf or inf is a channel that is always +1 or -1. No sum leaves -`reach` ..
    `reach`, so thresholds beyond are moved to the nearest one that always, or never, holds.
    """
    near = np.rint(root)
    # The root is a quotient of float64: an integer may miss itself by a few units of rounding.
    root = np.where(np.isclose(root, near, rtol=_SNAP, atol=_SNAP), near, root)
    thresholds = np.where(falling, np.floor(root) + 1, np.ceil(root))
    limited = np.clip(thresholds, -reach, reach + 1).astype(np.int32)
    return limited, np.asarray(falling, np.uint8)


def signs_of(weights: Array) -> tuple[I8, F64] | None:
    """Return (+-1, magnitude (n_out,)) of (n_out, ...) weights; None if magnitudes differ."""
    magnitudes = np.abs(weights.reshape(len(weights), -1)).astype(np.float64)
    largest = magnitudes.max(axis=1)
    if (magnitudes.min(axis=1) < largest * (1 - 1e-6)).any() or not (largest > 0).all():
        return None
    return np.where(weights > 0, np.int8(1), np.int8(-1)), largest


def int8_of(weights: Array) -> tuple[I8, F64] | None:
    """
    Return (integers, step (n_out,)) with weights = integers * step, or None if there is no step.

    Looks for the largest step per output: the largest weight may be 1 to 127 of them.
    """
    rows = weights.reshape(len(weights), -1).astype(np.float64)
    largest = np.abs(rows).max(axis=1)
    steps = np.where(largest > 0, 0.0, 1.0)
    for n_levels in range(1, _LEVELS + 1):
        step = np.where(largest > 0, largest, 1) / n_levels
        scaled = rows / step[:, np.newaxis]
        exact = (np.abs(scaled - np.rint(scaled)) <= _TOLERANCE).all(axis=1)
        steps = np.where((steps == 0) & exact, step, steps)
    if (steps == 0).any():
        return None
    integers = np.rint(rows / steps[:, np.newaxis]).astype(np.int8)
    return integers.reshape(weights.shape), steps


def head_of(weights: F64, bias: F64) -> tuple[I8, I32, Array]:
    """
    Return int8 weights (n_classes, n_in), int32 bias (n_classes,) and float32 scale () of a head.

    weights = integers * scale exactly where there is such a scale, else to half a scale.
    """
    exact = int8_of(weights.reshape(1, -1))
    largest = max(float(np.abs(weights).max()), 1e-30)
    scale = float(exact[1][0]) if exact else largest / _LEVELS
    rounded = np.rint(weights / scale).astype(np.int8)
    limited = np.clip(np.rint(bias / scale), -(2**30), 2**30).astype(np.int32)
    return rounded, limited, np.asarray(scale, np.float32)


def largest_sums(weights: Array, magnitude: int) -> Array:
    """Return the largest magnitude each output's sum can have, (n_out,) int64."""
    rows = np.abs(weights.astype(np.int64)).reshape(len(weights), -1)
    return np.asarray(rows.sum(axis=1) * magnitude)
