"""
Signals of the image alone: 16 of its pixels, 16 block means.

Everything is counted in whole numbers (the sum of a pixel's channels is its grey level), and only
then turned into floats by one formula each; `cpp/signals.cpp` counts the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from edge_adapt.records import Array, F32, F64, I32, I64, U8
from edge_adapt.signals.groups import BLOCKS, GROUP_SIZES, IMAGE_GROUPS, PIXELS
import numpy as np

_N_BLOCKS = 4  # the grid is 4 x 4
MIN_SIDE = 4  # pixels; a smaller image has no grid
_LEVEL_OFFSET = 0.02  # of ln(v + 0.02) for levels in [0, 1]: about 5 grey levels
_N_BATCH = 128  # images worked on at once: their rows stay in the cache


def image_features(images: Array) -> dict[str, F32]:
    """
    Return the features that need no network: pixels (..., 16) and blocks (..., 16).

    images (..., h, w, channels) uint8, at least 4 x 4 pixels; colour counts as its mean.
    """
    both, n_pixels = gather_images(images), GROUP_SIZES[PIXELS]
    return {PIXELS: both[..., :n_pixels], BLOCKS: both[..., n_pixels:]}


def gather_images(images: Array) -> F32:
    """Return the image features as one vector, (..., h, w, channels) uint8 -> (..., 32)."""
    images = np.asarray(images)
    height, width, n_channels = images.shape[-3:]
    if min(height, width) < MIN_SIDE:
        raise ValueError(f'images must be {MIN_SIDE} x {MIN_SIDE} or more, got {images.shape}')
    flat = images.reshape(-1, height, width, n_channels)
    parts = [_features(flat[i : i + _N_BATCH]) for i in range(0, len(flat), _N_BATCH)]
    return np.concatenate(parts).reshape(*images.shape[:-3], -1)


def _features(images: U8) -> F32:
    """Return (n, 32) of images (n, h, w, channels)."""
    counts = _Counts.of(images.sum(axis=-1, dtype=np.int32))
    return counts.features(1 / (255 * images.shape[-1])).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is counted in n images of grey levels, in whole numbers; one row or number an image."""

    shape: tuple[int, int]
    columns: I64
    rows: I64
    squares: I64
    lowest: I32
    highest: I32
    gradient_x: I64  # sum of |dx|
    gradient_y: I64
    laplacian: I64  # of the inner pixels
    seam_x: I64
    seam_y: I64
    neighbours: I64  # dx[i] dx[i + 1] + dy[i] dy[i + 1], summed up
    energy: I64  # dx^2 + dy^2, summed up
    blocks: I64

    @staticmethod
    def of(grey: I32) -> _Counts:
        """Count in grey levels (n, h, w)."""
        dx, dy = grey[:, :, 1:] - grey[:, :, :-1], grey[:, 1:] - grey[:, :-1]
        # the 4-neighbour Laplacian, as two second differences
        laplacian = (dx[:, 1:-1, 1:] - dx[:, 1:-1, :-1]) + (dy[:, 1:, 1:-1] - dy[:, :-1, 1:-1])
        n, height, width = grey.shape
        blocks = np.add.reduceat(grey, _edges(height)[:-1], axis=1, dtype=np.int64)
        return _Counts(
            shape=(height, width),
            columns=grey.sum(axis=1, dtype=np.int64),
            rows=grey.sum(axis=2, dtype=np.int64),
            squares=_inner(grey, grey),
            lowest=grey.min(axis=(1, 2)),
            highest=grey.max(axis=(1, 2)),
            gradient_x=_total_size(dx),
            gradient_y=_total_size(dy),
            laplacian=_total_size(laplacian),
            seam_x=np.abs(grey[:, :, 0] - grey[:, :, -1]).sum(axis=1, dtype=np.int64),
            seam_y=np.abs(grey[:, 0] - grey[:, -1]).sum(axis=1, dtype=np.int64),
            neighbours=_inner(dx[:, :, 1:], dx[:, :, :-1]) + _inner(dy[:, 1:], dy[:, :-1]),
            energy=_inner(dx, dx) + _inner(dy, dy),
            blocks=np.add.reduceat(blocks, _edges(width)[:-1], axis=2).reshape(n, -1),
        )

    def features(self, unit: float) -> F64:
        """Return n rows of 32 features; `unit` is the level 1 of the counts, of [0, 1]."""
        height, width = self.shape
        n = height * width
        total = self.rows.sum(axis=1)
        mean, lowest, highest = total * unit / n, self.lowest * unit, self.highest * unit
        out = np.empty((len(total), sum(GROUP_SIZES[name] for name in IMAGE_GROUPS)))
        inner = 4 * (height - 2) * (width - 2)
        levels = [
            np.sqrt((n * self.squares - total * total).astype(np.float64)) * unit / n,
            self.gradient_x * unit / (height * (width - 1)),
            self.gradient_y * unit / ((height - 1) * width),
            self.laplacian * unit / inner,
            _worst_line(self.columns) * unit / (2 * height),
            _worst_line(self.rows) * unit / (2 * width),
            mean,
            lowest,
            self.seam_x * unit / height,
            self.seam_y * unit / width,
        ]
        out[:, [1, 4, 5, 6, 9, 10, 11, 12, 14, 15]] = np.log(np.stack(levels, 1) + _LEVEL_OFFSET)
        out[:, 0], out[:, 2], out[:, 3] = mean, lowest, highest
        out[:, 7] = self._tilt(self.columns, height, unit) / (width * mean + 1e-3)
        out[:, 8] = self._tilt(self.rows, width, unit) / (height * mean + 1e-3)
        square = unit * unit
        out[:, 13] = self.neighbours * square / (self.energy * square + 1e-6)
        heights, widths = np.diff(_edges(height)), np.diff(_edges(width))
        out[:, GROUP_SIZES[PIXELS] :] = self.blocks * unit / np.outer(heights, widths).ravel()
        return out

    @staticmethod
    def _tilt(lines: I64, length: int, unit: float) -> F64:
        """Return the sum of the line means times their positions, -1 to 1 evenly spaced."""
        n = lines.shape[1]
        whole = lines @ (2 * np.arange(n) - (n - 1))
        return np.asarray(whole * unit / (length * (n - 1)))


def _inner(a: I32, b: I32) -> I64:
    """Return the sum of products of each image, (n, h, w) twice -> (n,)."""
    return np.asarray(np.einsum('nij,nij->n', a, b, dtype=np.int64))


def _total_size(values: I32) -> I64:
    return np.asarray(np.abs(values).sum(axis=(1, 2), dtype=np.int64))


def _worst_line(lines: I64) -> I64:
    """Return twice the largest deviation of a line from the mean of its two neighbours."""
    twice = 2 * lines[:, 1:-1] - lines[:, 2:] - lines[:, :-2]
    return np.asarray(np.abs(twice).max(axis=1))


@lru_cache(maxsize=8)
def _edges(n: int) -> I64:
    """Return where the blocks begin, and the end."""
    return np.arange(_N_BLOCKS + 1) * n // _N_BLOCKS
