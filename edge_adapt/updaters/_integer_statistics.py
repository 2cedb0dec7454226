"""
Thresholds from counters, minima and maxima, in whole numbers.

What hw/rtl/stat_unit.sv computes bit for bit: the range form of batch normalization (LightNorm,
arXiv:2211.02686), and the quantile that gives a firing rate. Sums are (n_values, n) integers.
"""

from __future__ import annotations

from edge_adapt.records import Array, F64, I32, I64
import numpy as np

PARTS = 256  # of a range: the unit of slopes
SLOPE_LIMIT = 32767  # 16 bits


def slopes(thresholds: Array, mean: F64, deviation: F64, n_values: int) -> I64:
    """
    Return how far each threshold (n,) lies above the clean mean, in 1/256 of the clean range.

    The expected range of n Gaussian values is about 2 sqrt(2 ln n) deviations. A threshold that
    is never reached stays 128 ranges away.
    """
    spread = deviation * 2 * np.sqrt(2 * np.log(max(2, n_values)))
    spread = np.where(spread > 0, spread, 1.0)
    # sum >= t is sum > t - 1/2 for integers: the half keeps an unchanged world unchanged.
    parts = np.rint(PARTS * (thresholds - 0.5 - mean) / spread)
    return np.asarray(parts.clip(-SLOPE_LIMIT, SLOPE_LIMIT), np.int64)


def range_thresholds(sums: Array, parts: I64) -> I32:
    """
    Return ceil(mean + slope * range / 256) of the sums, (n,), for slopes (n,).

    A range of 0 counts as 1: a channel gone silent stays on its side of the threshold.
    """
    n_values, wide = len(sums), sums.astype(np.int64)
    spread = np.maximum(np.ptp(wide, axis=0), 1)
    scaled = PARTS * wide.sum(axis=0) + parts * spread * n_values
    return np.asarray(-(-scaled // (PARTS * n_values)), np.int32)


def n_above(share_above: F64, n_values: int) -> I64:
    """Return how many of n_values sums should reach the threshold, (n,)."""
    return np.asarray(n_values - np.rint((1 - share_above) * n_values), np.int64)


def rate_thresholds(sums: Array, n_wanted: I64) -> I32:
    """
    Return the largest thresholds (n,) that at least n_wanted (n,) of the sums reach.

    Where none should, that is one more than the largest sum.
    """
    ordered = np.sort(sums, axis=0)
    at = np.minimum(len(sums) - n_wanted, len(sums) - 1)
    thresholds = ordered[at, np.arange(sums.shape[1])]
    return np.where(n_wanted == 0, ordered[-1] + 1, thresholds).astype(np.int32)
