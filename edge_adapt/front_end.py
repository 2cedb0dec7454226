r"""
The front end: what is done to a network input before the network sees it.

It is part of the versioned weights: tensors named 'front_end.<step>', each one absent where its
step is. All steps are pure functions from uint8 to uint8, and come in this order:

    shift     (2,) int32            roll down and right by so many pixels: an address offset
    levels    (256,) uint8          replace each level by another: a table
    dead      (h, w) uint8          1 marks a dead pixel: filled from the live ones around it
    median    () uint8              median over 3x3 pixels
    wiener    () float32            3x3 Wiener filter for noise of this variance, in levels^2
    rows      (h, h) float32        \
    columns   (w, w) float32         > mix[0] x + mix[1] rows x columns': any separable filter
    mix       (2,) float32          /
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import cv2
from edge_adapt.errors import UsageError
from edge_adapt.records import Array, F32, U8
import numpy as np

PREFIX = 'front_end.'
STEPS = ('shift', 'levels', 'dead', 'median', 'wiener', 'rows')
TENSORS = (*STEPS, 'columns', 'mix')


def steps_of(weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return the tensors of the front end in `weights`, by their short names."""
    return {name: weights[PREFIX + name] for name in TENSORS if PREFIX + name in weights}


def named(weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return all that claims to be of the front end, by short names, known or not."""
    return {
        name.removeprefix(PREFIX): array
        for name, array in weights.items()
        if name.startswith(PREFIX)
    }


def tensors(steps: Mapping[str, Array]) -> dict[str, Array]:
    """Return steps under the names they have in weights: the way back from `steps_of`."""
    return {PREFIX + name: array for name, array in steps.items()}


def without(weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return the tensors of `weights` that are not of the front end."""
    return {name: array for name, array in weights.items() if not name.startswith(PREFIX)}


def check(steps: Mapping[str, Array], input_shape: tuple[int, int, int]) -> None:
    """Raise UsageError where steps are unknown to, or do not fit, inputs (h, w, channels)."""
    height, width, _ = input_shape
    expected: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        'shift': (np.int32, (2,)),
        'levels': (np.uint8, (256,)),
        'dead': (np.uint8, (height, width)),
        'median': (np.uint8, ()),
        'wiener': (np.float32, ()),
        'rows': (np.float32, (height, height)),
        'columns': (np.float32, (width, width)),
        'mix': (np.float32, (2,)),
    }
    for name, array in steps.items():
        if name not in expected:
            raise UsageError(f'there is no {PREFIX + name}; there are: {", ".join(expected)}')
        dtype, shape = expected[name]
        if array.dtype != dtype or array.shape != shape:
            raise UsageError(
                f'{PREFIX + name} must be {np.dtype(dtype)} {shape}, got {array.dtype}'
                f' {array.shape}'
            )
    if 0 < len({'rows', 'columns', 'mix'} & set(steps)) < 3:
        raise UsageError(f'{PREFIX}rows, columns and mix belong together, got {sorted(steps)}')


def restore(images: U8, steps: Mapping[str, Array]) -> U8:
    """Return images (n, height, width, channels) after all steps, C order."""
    for name in STEPS:
        if name in steps:
            images = _APPLY[name](images, steps)
    return np.ascontiguousarray(images)


def _shift(images: U8, steps: Mapping[str, Array]) -> U8:
    down, right = (int(pixels) for pixels in steps['shift'])
    return np.roll(images, (down, right), axis=(1, 2))


def _levels(images: U8, steps: Mapping[str, Array]) -> U8:
    return np.asarray(steps['levels'][images], np.uint8)


def _dead(images: U8, steps: Mapping[str, Array]) -> U8:
    """Fill each dead pixel with its nearest live ones in four directions, weighed by 1 / d^2."""
    dead = steps['dead'] != 0
    filling = _cached_fill(dead.tobytes(), *dead.shape)
    flat = images.reshape(len(images), -1, images.shape[3]).astype(np.float32)
    filled = images.copy()
    filled[:, dead] = _levels_of(np.einsum('ij,njc->nic', filling, flat, optimize=True))
    return filled


def _median(images: U8, steps: Mapping[str, Array]) -> U8:
    out = [cv2.medianBlur(np.ascontiguousarray(image), 3) for image in images]
    return np.stack(out).reshape(images.shape)


def _wiener(images: U8, steps: Mapping[str, Array]) -> U8:
    """Return mean + (variance - noise)+ / variance * (x - mean) over 3x3 pixels."""
    x = images.astype(np.float32)
    mean = _box_means(x)
    variance = np.maximum(_box_means(x * x) - mean * mean, 0)
    noise = float(steps['wiener'])
    gain = np.maximum(variance - noise, 0) / np.maximum(variance, max(noise, 1e-6))
    return _levels_of(mean + gain * (x - mean))


def _box_means(images: F32) -> F32:
    """Return the means of 3x3 pixels, the border repeated."""
    out = [cv2.blur(image, (3, 3), borderType=cv2.BORDER_REPLICATE) for image in images]
    return np.asarray(np.stack(out).reshape(images.shape), np.float32)


def _rows(images: U8, steps: Mapping[str, Array]) -> U8:
    x = images.astype(np.float32)
    filtered = np.einsum(
        'ih,nhwc,jw->nijc', steps['rows'], x, steps['columns'], optimize='optimal'
    )
    own, other = (np.float32(share) for share in steps['mix'])
    return _levels_of(own * x + other * filtered)


_APPLY: Mapping[str, Callable[[U8, Mapping[str, Array]], U8]] = {
    'shift': _shift,
    'levels': _levels,
    'dead': _dead,
    'median': _median,
    'wiener': _wiener,
    'rows': _rows,
}


@lru_cache(maxsize=4)  # what runs, and what is tried
def _cached_fill(dead: bytes, height: int, width: int) -> F32:
    return fill_matrix(np.frombuffer(dead, bool).reshape(height, width))


def fill_matrix(dead: Array) -> F32:
    """Return what of all pixels goes into each dead one, (n_dead, h * w); dead (h, w) bool."""
    height, width = dead.shape
    live, places = ~dead, np.argwhere(dead)
    matrix = np.zeros((len(places), height * width), np.float32)
    for i, (y, x) in enumerate(places):
        row = np.zeros((height, width), np.float32)
        for line, at, place in ((live[y], x, (y, ...)), (live[:, x], y, (..., x))):
            alive = np.flatnonzero(line)
            for side in (alive[alive < at][-1:], alive[alive > at][:1]):
                row[place][side] = 1 / (side - at) ** 2
        if not row.any():
            row[live] = 1  # no live pixel in its row or column: the mean of all that live
        matrix[i] = (row / max(float(row.sum()), 1e-12)).reshape(-1)
    return matrix


def _levels_of(x: Array) -> U8:
    return np.rint(x).clip(0, 255).astype(np.uint8)
