"""
One generation of row-parallel evolution, on a mini-batch of features.

`generation_in_numpy` is the plain meaning; the native twin gives the same integers.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt import native
from edge_adapt.records import Array, F32, I8, I16, I64
from edge_adapt.updaters._integer_loss import LOGARITHMS, POWERS, row_differences
import numpy as np

SIXTEENTHS = 16
_MOST_FEATURES = 1 << 11  # products stay below 2^24, which float32 holds exactly
_MOST_REACH = (1 << 15) - 1


class Rule(NamedTuple):
    """
    What a generation goes by.

    unit: how many sixteenths a feature's 1 is. reach: int8 steps that a direction is tried at.
    shift: logits in 1/1024 are products << shift, or >> -shift. grid: parts of an int8 step, 256
    or 1. step: in parts of the grid, by which a row moves for each direction it votes for. needed:
    on a grid of 1 a value moves by one step where more directions than this agree.
    """

    unit: int
    reach: int
    shift: int
    grid: int
    step: int
    needed: float


def generation(
    values: F32, features: Array, mean: I16, labels: I64, directions: I8, rule: Rule
) -> None:
    """
    Move the rows of `values` (n_classes, n_in + 1) in place, whole numbers, the bias last.

    features (n, n_in), bits or levels of 8 bits, their mean (n_in,) in sixteenths, labels (n,),
    directions (n_directions, n_in + 1) of +-1.
    """
    twin = native.twin()
    fits = len(mean) <= _MOST_FEATURES and rule.reach <= _MOST_REACH
    if twin is None or not fits:
        generation_in_numpy(values, features, mean, labels, directions, rule)
        return
    *numbers, needed = rule
    arrays = (values, features.astype(np.int16), mean, labels, directions)
    twin.row_generation(*arrays, tuple(numbers), needed, *_TABLES)


def generation_in_numpy(
    values: F32, features: Array, mean: I16, labels: I64, directions: I8, rule: Rule
) -> None:
    """Do what `generation` does."""
    along = directions.astype(np.float32)
    # Whole numbers below 2^24 all the way: exact in float32, and BLAS knows no integers.
    rows = np.concatenate([rounded(values, rule.grid), along * np.float32(rule.reach)])
    products = (rows @ centred(features, mean, rule.unit).T).astype(np.int64)
    products = products << rule.shift if rule.shift >= 0 else products >> -rule.shift
    n_classes = len(values)
    differences = row_differences(products[:n_classes], products[n_classes:], labels)
    vote = np.sign(differences).T.astype(np.float32) @ along
    if rule.grid == 1:
        vote = np.sign(vote) * (np.abs(vote) > np.float32(rule.needed))
    values -= vote * np.float32(rule.step)
    # Weights stay in the range of int8, the bias is wider.
    weights, limit = values[:, :-1], np.float32(127 * rule.grid)
    np.minimum(np.maximum(weights, -limit, out=weights), limit, out=weights)


def centred(features: Array, mean: I16, unit: int) -> F32:
    """Return centred features in sixteenths, and 16 for the bias, (n, n_in + 1)."""
    centred = np.full((len(features), len(mean) + 1), SIXTEENTHS, np.float32)
    np.multiply(features, np.float32(unit), out=centred[:, :-1])
    centred[:, :-1] -= mean
    return centred


def rounded(values: Array, grid: int) -> Array:
    """Return values on a grid of parts of an int8 step in whole int8 steps."""
    return np.floor((values + grid // 2) / grid) if grid > 1 else values


_TABLES = (POWERS.astype(np.int32), LOGARITHMS.astype(np.int32))
