"""Sums and squares of what a layer read: whole numbers, so that no order of adding matters."""

from __future__ import annotations

from edge_adapt import native
from edge_adapt.records import Array, F64
import numpy as np


def channel_moments(values: Array) -> tuple[F64, F64]:
    """
    Return the sums and the sums of squares (n_channels,) of values (n, n_channels).

    Of int32 they are exact below 2^53, in one native call or in NumPy; of floats they are
    float64 sums.
    """
    twin = native.twin() if values.dtype == np.int32 else None
    if twin is None:
        return channel_moments_in_numpy(values)
    totals, squares = np.empty(values.shape[1]), np.empty(values.shape[1])
    twin.channel_moments(np.ascontiguousarray(values), totals, squares)
    return totals, squares


def channel_moments_in_numpy(values: Array) -> tuple[F64, F64]:
    """Return what `channel_moments` returns."""
    wide = values.astype(np.float64)
    return wide.sum(axis=0), np.einsum('ij,ij->j', wide, wide)
