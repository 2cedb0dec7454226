"""
Signals: what one pass of the network says about a frame, without a label unless named so.

Pure functions. Every one takes leading batch axes or none: (..., n) in, (...) or (..., m) out.
`features` gathers the 60 numbers that the detectors watch; they come from the network's input and
from values the network computes anyway, so that watching costs no second pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
import hashlib
from itertools import pairwise

from edge_adapt.records import Array, F32
import numpy as np
from numpy.typing import NDArray

PIXELS, BLOCKS = 'pixels', 'blocks'
FIRST_LAYER, LAST_LAYER, OUTPUT = 'first_layer', 'last_layer', 'output'
GROUP_SIZES: Mapping[str, int] = {
    PIXELS: 16,
    BLOCKS: 16,
    FIRST_LAYER: 16,
    LAST_LAYER: 8,
    OUTPUT: 4,
}
# What the camera sees, whatever the weights are: a domain is described by these two.
IMAGE_GROUPS = (PIXELS, BLOCKS)

PIXEL_NAMES = (
    'mean',
    'log deviation',
    'minimum',
    'maximum',
    'log horizontal gradient',
    'log vertical gradient',
    'log Laplacian',
    'centre of mass, horizontal',
    'centre of mass, vertical',
    'log worst column',
    'log worst row',
    'log mean',
    'log minimum',
    'gradient autocorrelation',
    'log seam, left to right',
    'log seam, top to bottom',
)
OUTPUT_NAMES = ('log entropy', 'log-sum-exp', 'margin', 'deviation of the logits')

_N_BLOCKS = 4  # the grid is 4 x 4
N_IMAGE_FEATURES = len(PIXEL_NAMES) + _N_BLOCKS**2
_MIN_SIDE = 4  # pixels; a smaller image has no grid
_LEVEL_OFFSET = 0.02  # of ln(v + 0.02) for levels in [0, 1]: about 5 grey levels
_ENTROPY_OFFSET = 0.001  # nat
_N_BATCH = 128  # images worked on at once: their rows stay in the cache


# --- of the output ---------------------------------------------------------------------------


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


# --- of the layers ---------------------------------------------------------------------------


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


def signed_sums(bits: Array, n_sums: int, name: str) -> F32:
    """
    Return random-sign sums of +-1 values over sqrt(width), (..., width) -> (..., n_sums).

    The signs are a fixed function of `name` and the width, the same on every machine.
    """
    signs = _random_signs(name, bits.shape[-1], n_sums)
    return _row_by_row(np.asarray(bits, np.float32), signs)


@lru_cache(maxsize=64)
def _random_signs(name: str, width: int, n_sums: int) -> F32:
    """Return (width, n_sums) of +-1 / sqrt(width), from SHAKE-256 of the name."""
    n_bytes = -(-width * n_sums // 8)
    stream = hashlib.shake_256(f'{name} {width} {n_sums}'.encode()).digest(n_bytes)
    bits = np.unpackbits(np.frombuffer(stream, np.uint8), count=width * n_sums)
    return (2.0 * bits.reshape(width, n_sums) - 1).astype(np.float32) / np.float32(width**0.5)


def _flat_places(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])


def _channel_means(bits: Array, n_leading: int) -> Array:
    """Return bits (..., channels) as they are, or maps (..., h, w, channels) as channel means."""
    if bits.ndim == n_leading + 1:
        return bits
    shape = bits.shape
    places = bits.reshape(*shape[:n_leading], -1, shape[-1])
    means: F32 = places.mean(axis=-2, dtype=np.float32)
    return means


# --- of a frame ------------------------------------------------------------------------------


def features(images: Array, first_bits: Array, last_bits: Array, logits: Array) -> dict[str, F32]:
    """
    Return the 60 features of one frame, or of each frame of a batch: group -> (..., size).

    images (..., h, w, channels) uint8, the network's input; first_bits, +-1, of the first
    threshold layer; last_bits, +-1, that the head reads; both (..., width) or (..., h, w,
    channels); logits (..., n_classes) times the head's scale.
    """
    n_leading = images.ndim - 3
    return {
        **image_features(images),
        FIRST_LAYER: signed_sums(
            _channel_means(first_bits, n_leading), GROUP_SIZES[FIRST_LAYER], FIRST_LAYER
        ),
        LAST_LAYER: signed_sums(
            _channel_means(last_bits, n_leading), GROUP_SIZES[LAST_LAYER], LAST_LAYER
        ),
        OUTPUT: output_features(logits),
    }


def output_features(logits: Array) -> F32:
    """Return (..., 4): OUTPUT_NAMES. logits (..., n_classes), at least two classes."""
    logits = np.asarray(logits, np.float32)
    top = logits.max(axis=-1, keepdims=True)
    shifted = logits - top
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=-1)
    log_total = np.log(total)
    # H = ln(sum e^l) - sum l e^l / sum e^l, with l = logits - top
    uncertainty = np.maximum(log_total - (shifted * exponentials).sum(axis=-1) / total, 0.0)
    return np.stack(
        [
            np.log(uncertainty + _ENTROPY_OFFSET),
            log_total + top[..., 0],
            margin(logits),
            logits.std(axis=-1),
        ],
        axis=-1,
    )


def image_features(images: Array) -> dict[str, F32]:
    """
    Return the features that need no network: pixels (..., 16) and blocks (..., 16).

    images (..., h, w, channels) uint8, at least 4 x 4 pixels; colour counts as its mean.
    """
    grey = _grey(np.asarray(images))
    leading = grey.shape[:-2]
    flat = grey.reshape(-1, *grey.shape[-2:])
    parts = [_pixels_and_blocks(flat[i : i + _N_BATCH]) for i in range(0, len(flat), _N_BATCH)]
    both = parts[0] if len(parts) == 1 else np.concatenate(parts)
    n_pixels = GROUP_SIZES[PIXELS]
    return {
        PIXELS: both[:, :n_pixels].reshape(*leading, n_pixels),
        BLOCKS: both[:, n_pixels:].reshape(*leading, GROUP_SIZES[BLOCKS]),
    }


def gather_images(images: Array) -> F32:
    """Return the image features as one vector, (..., h, w, channels) uint8 -> (..., 32)."""
    found = image_features(images)
    return np.concatenate([found[name] for name in IMAGE_GROUPS], axis=-1)


def _grey(images: NDArray[np.uint8]) -> F32:
    """Return (..., h, w) in [0, 1]."""
    height, width, n_channels = images.shape[-3:]
    if min(height, width) < _MIN_SIDE:
        raise ValueError(f'images must be {_MIN_SIDE} x {_MIN_SIDE} or more, got {images.shape}')
    if n_channels == 1:
        return images[..., 0] * np.float32(1 / 255)
    total: F32 = images.sum(axis=-1, dtype=np.float32)
    return total * np.float32(1 / (255 * n_channels))


def _pixels_and_blocks(grey: F32) -> F32:
    """Return (n, 32) of grey images (n, h, w) in [0, 1]."""
    n, height, width = grey.shape
    column_means, row_means = grey.mean(axis=1), grey.mean(axis=2)
    mean = row_means.mean(axis=1)
    dx, dy = grey[:, :, 1:] - grey[:, :, :-1], grey[:, 1:] - grey[:, :-1]
    # 4-neighbour Laplacian of the inner pixels, as two second differences
    laplacian = (dx[:, 1:-1, 1:] - dx[:, 1:-1, :-1]) + (dy[:, 1:, 1:-1] - dy[:, :-1, 1:-1])
    lowest = grey.min(axis=(1, 2))
    out = np.empty((n, GROUP_SIZES[PIXELS] + GROUP_SIZES[BLOCKS]), np.float32)
    power = _inner(grey, grey) / (height * width)
    levels = [
        np.sqrt(np.maximum(power - mean * mean, 0.0)),
        _mean_size(dx),
        _mean_size(dy),
        _mean_size(laplacian) / 4,
        _worst_line(column_means),
        _worst_line(row_means),
        mean,
        lowest,
        np.abs(grey[:, :, 0] - grey[:, :, -1]).mean(axis=1),
        np.abs(grey[:, 0] - grey[:, -1]).mean(axis=1),
    ]
    out[:, [1, 4, 5, 6, 9, 10, 11, 12, 14, 15]] = np.log(np.stack(levels, 1) + _LEVEL_OFFSET)
    out[:, 0], out[:, 2], out[:, 3] = mean, lowest, grey.max(axis=(1, 2))
    out[:, 7] = _row_by_row(column_means, _ramp(width)) / (width * mean + 1e-3)
    out[:, 8] = _row_by_row(row_means, _ramp(height)) / (height * mean + 1e-3)
    neighbours = _inner(dx[:, :, 1:], dx[:, :, :-1]) + _inner(dy[:, 1:], dy[:, :-1])
    out[:, 13] = neighbours / (_inner(dx, dx) + _inner(dy, dy) + 1e-6)
    blocks = _averages(height) @ grey @ _averages(width).T
    out[:, GROUP_SIZES[PIXELS] :] = blocks.reshape(n, -1)
    return out


def _row_by_row(rows: F32, matrix: F32) -> F32:
    """
    Return rows (..., w) times matrix (w[, m]), the same bits whatever the batch.

    A product of the whole batch at once would be summed in an order that depends on its size.
    """
    products = np.matmul(rows[..., np.newaxis, :], matrix)
    return np.asarray(products[..., 0, :] if matrix.ndim == 2 else products[..., 0])


def _inner(a: F32, b: F32) -> F32:
    """Return the sum of products of each image, (n, h, w) twice -> (n,)."""
    return np.asarray(np.einsum('nij,nij->n', a, b))


def _mean_size(values: F32) -> F32:
    means: F32 = np.abs(values).mean(axis=(1, 2))
    return means


def _worst_line(means: F32) -> F32:
    """Return the largest deviation of a line's mean from that of its two neighbours."""
    between = 0.5 * (means[:, 2:] + means[:, :-2])
    worst: F32 = np.abs(means[:, 1:-1] - between).max(axis=1)
    return worst


@lru_cache(maxsize=8)
def _ramp(n: int) -> F32:
    """Return n positions in [-1, 1], evenly spaced."""
    return np.linspace(-1, 1, n, dtype=np.float32)


@lru_cache(maxsize=8)
def _averages(n: int) -> F32:
    """Return (4, n): row b averages the pixels of block b."""
    edges = np.arange(_N_BLOCKS + 1) * n // _N_BLOCKS
    matrix = np.zeros((_N_BLOCKS, n), np.float32)
    for block, (start, stop) in enumerate(pairwise(edges)):
        matrix[block, start:stop] = 1 / (stop - start)
    return matrix
