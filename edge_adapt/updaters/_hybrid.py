"""Hybrid quantization: a coarse forward copy, a fine grid to learn on, unbiased rounding."""

from __future__ import annotations

from edge_adapt.records import Array, F64, I8, I16
import numpy as np

CLIP = 4.0  # a head weight never leaves [-CLIP, CLIP]; logits are weights . bits * 4 / sqrt(n_in)


def grid_of(n_bits: int) -> float:
    """Return the step of an n_bits grid over [-CLIP, CLIP]: 2^-13 for 16 bits."""
    return float(CLIP / 2 ** (n_bits - 1))


def narrow(x: Array) -> I16:
    """Return values within [-CLIP, CLIP] as 16 bits, in steps of grid_of(16)."""
    return np.rint(np.asarray(x) / grid_of(16)).clip(-32767, 32767).astype(np.int16)


def wide(x: Array) -> F64:
    """Return what `narrow` was given, on its grid; floating point stays as it is."""
    return x * grid_of(16) if x.dtype == np.int16 else x.astype(np.float64)


def onto_grid(x: F64, step: float, rng: np.random.Generator | None) -> F64:
    """Return x on a grid: rounded to nearest, or stochastically so that the mean is kept."""
    scaled = x / step
    offset = 0.5 if rng is None else rng.random(x.shape)
    return np.asarray(np.floor(scaled + offset) * step)


def forward_copy(weights: Array, n_bits: int) -> tuple[I8, float]:
    """Return weights as integers of n_bits and their step, a power of two: a shift."""
    highest = 2 ** (n_bits - 1) - 1
    largest = float(np.abs(weights).max(initial=0.0))
    step = 2.0 ** np.ceil(np.log2(largest / highest)) if largest > 0 else 1.0
    return np.rint(weights / step).astype(np.int8), float(step)
