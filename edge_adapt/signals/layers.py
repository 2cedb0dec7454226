"""
Signals of the layers, from integers: what an engine or the accelerator counts while it runs.

A channel's sum over its places is an integer, and so is every signed sum of such sums; one
division at the end makes a float of it. So all engines agree on these features exactly.
"""

from __future__ import annotations

from functools import lru_cache
import hashlib

from edge_adapt.records import Array, F32, I8, I32
import numpy as np


def channel_sums(values: Array) -> I32:
    """Return each channel's sum over its places, (n, ..., channels) integers -> (n, channels)."""
    places = values.reshape(len(values), -1, values.shape[-1])
    sums: I32 = places.sum(axis=1, dtype=np.int32)
    return sums


def rates(bits: Array) -> F32:
    """Return each channel's share of +1 in bits +-1, (..., channels) -> (channels,)."""
    shares = 0.5 + 0.5 * _flat_places(bits).mean(axis=0)
    return np.asarray(shares, np.float32)


def activation_statistics(values: Array) -> tuple[F32, F32, F32]:
    """Return mean, minimum and maximum of each channel, (n, ..., channels) -> 3 x (channels,)."""
    flat = _flat_places(values)
    return (
        flat.mean(axis=0, dtype=np.float32),
        flat.min(axis=0).astype(np.float32),
        flat.max(axis=0).astype(np.float32),
    )


def class_distances(features: Array, means: Array, precision: Array) -> Array:
    """
    Return squared Mahalanobis distances to class means that share one covariance.

    features (..., d), means (n_classes, d), precision (d, d) -> (..., n_classes). After Lee et
    al., 'A simple unified framework for detecting out-of-distribution samples', 2018.
    """
    residual = features[..., None, :] - means
    return np.asarray(np.einsum('...i,ij,...j->...', residual, precision, residual))


def signed_sums(sums: I32, n_places: int, n_sums: int, name: str) -> F32:
    """
    Return random-sign sums of channel means over sqrt(width), (..., width) -> (..., n_sums).

    `sums` are over `n_places` places. The signs are a fixed function of `name` and the width.
    """
    signs = random_signs(name, sums.shape[-1], n_sums).astype(np.float64)
    # whole numbers below 2^53: exact in float64, in whatever order they are added
    whole = np.asarray(sums, np.float64) @ signs.T
    return np.asarray(whole * signed_scale(sums.shape[-1], n_places), np.float32)


def signed_scale(width: int, n_places: int) -> float:
    """Return what a whole signed sum of channel sums is multiplied by."""
    return 1 / (n_places * float(np.sqrt(width)))


@lru_cache(maxsize=64)
def random_signs(name: str, width: int, n_sums: int) -> I8:
    """Return (n_sums, width) of +-1, from SHAKE-256 of the name: the same on every machine."""
    n_bytes = -(-width * n_sums // 8)
    stream = hashlib.shake_256(f'{name} {width} {n_sums}'.encode()).digest(n_bytes)
    bits = np.unpackbits(np.frombuffer(stream, np.uint8), count=width * n_sums)
    signs = 2 * bits.astype(np.int8).reshape(width, n_sums).T - 1
    return np.ascontiguousarray(signs, np.int8)


def _flat_places(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])
