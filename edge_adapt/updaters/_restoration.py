"""Filters as steps of the front end, and what they need to know of a stream."""

from __future__ import annotations

from edge_adapt.records import Array, F32, U8
import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int]
Bool = NDArray[np.bool_]

MIN_FRAMES_FOR_DEAD = 16
N_FOR_NOISE = 64
REGULARIZATION = 0.003  # of the squared gradient, when a blur is inverted
CORRELATION_PIXELS = 8.0  # how far pixels of natural images know of each other
NUGGET = 0.01


def binomial(shape: Shape, width: int) -> dict[str, Array]:
    """Return a smoothing by [1 2 1] or [1 4 6 4 1] along both axes."""
    kernel = np.ones(1)
    for _ in range(width - 1):
        kernel = np.convolve(kernel, [0.5, 0.5])
    return separable(_banded(shape[0], kernel), _banded(shape[1], kernel))


def sharpening(shape: Shape) -> dict[str, Array]:
    """Return x + 2 (x - mean over 5x5)."""
    box = np.full(5, 1 / 5)
    return separable(_banded(shape[0], box), _banded(shape[1], box), own=3.0, other=-2.0)


def box_inverse(shape: Shape, down: int, right: int) -> dict[str, Array]:
    """Return the inverse of a mean over down x right pixels."""
    rows, columns = (
        _inverse(_banded(n, np.full(width, 1 / width)))
        for n, width in zip(shape, (down, right), strict=True)
    )
    return separable(rows, columns)


def gaussian_inverse(shape: Shape, deviation: float) -> dict[str, Array]:
    """Return the inverse of a Gaussian blur of that deviation in pixels."""
    reach = int(np.ceil(3 * deviation))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    kernel /= kernel.sum()
    rows, columns = (_inverse(_banded(n, kernel)) for n in shape)
    return separable(rows, columns)


def gamma(power: float) -> U8:
    """Return the table of levels^power."""
    return np.rint(255 * (np.arange(256) / 255) ** power).astype(np.uint8)


def separable(
    rows: Array, columns: Array, own: float = 0.0, other: float = 1.0
) -> dict[str, Array]:
    """Return the steps of own * x + other * rows x columns'."""
    return {
        'rows': np.asarray(rows, np.float32),
        'columns': np.asarray(columns, np.float32),
        'mix': np.array([own, other], np.float32),
    }


def noise_variance(images: U8) -> float:
    """
    Return the variance, in levels^2, of white noise in images (n, h, w, c).

    From the median absolute response to [1 -2 1] x [1 -2 1], which knows no planes (Immerkaer,
    1996): for deviation s it is 0.6745 * 6 s. At most N_FOR_NOISE images are asked.
    """
    if min(images.shape[1:3]) < 3:
        return 0.0
    x = images[:: -(-len(images) // N_FOR_NOISE)].astype(np.float32)
    second = x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]
    second = second[:, :, 2:] - 2 * second[:, :, 1:-1] + second[:, :, :-2]
    return float(np.median(np.abs(second)) / 4.05) ** 2


def dead_pixels(images: U8) -> Bool:
    """Return (h, w): pixels that hardly change over the stream, where the others do."""
    if len(images) < MIN_FRAMES_FOR_DEAD:
        return np.zeros(images.shape[1:3], bool)
    # About the first image: a pixel that never changes has no spread at all, in floats too.
    moved = images.astype(np.float32) - images[0]
    squares = np.einsum('nhwc,nhwc->hwc', moved, moved) / len(moved)
    variance = np.maximum(squares - moved.mean(axis=0) ** 2, 0)
    spread = np.sqrt(variance).mean(axis=2)
    dead = spread < 0.1 * np.median(spread)
    return np.asarray(dead if not dead.all() else ~dead, bool)


def dead_lines(dead: Bool) -> dict[str, Array] | None:
    """Return the interpolation over dead rows and columns; None where the dead are others."""
    rows: Bool = np.all(dead, axis=1)
    columns: Bool = np.all(dead, axis=0)
    if not np.array_equal(dead, rows[:, None] | columns[None, :]) or rows.all() or columns.all():
        return None
    return separable(_kriging(rows), _kriging(columns))


def _kriging(dead: Bool) -> F32:
    """
    Return the matrix (n, n) that keeps live lines and predicts the dead from them.

    The best linear prediction where lines at distance d correlate by exp(-d / 8); each row sums
    to 1.
    """
    places = np.arange(len(dead))
    covariance = np.exp(-np.abs(places[:, None] - places) / CORRELATION_PIXELS)
    live = ~dead
    among = covariance[np.ix_(live, live)] + NUGGET * np.eye(int(live.sum()))
    matrix = np.zeros_like(covariance)
    matrix[:, live] = np.linalg.solve(among, covariance[live]).T
    matrix /= matrix.sum(axis=1, keepdims=True)
    matrix[live] = np.eye(len(dead))[live]
    return np.asarray(matrix, np.float32)


def _banded(n: int, kernel: Array) -> Array:
    """Return the matrix (n, n) of a convolution whose border repeats the last line."""
    matrix, lines = np.zeros((n, n)), np.arange(n)
    for offset, weight in enumerate(kernel, -(len(kernel) // 2)):
        matrix[lines, (lines + offset).clip(0, n - 1)] += weight
    return matrix


def _inverse(blur: Array) -> Array:
    """Return (B'B + r D'D)^-1 B': the least squares inverse that keeps the image smooth."""
    n = len(blur)
    gradient = np.diff(np.eye(n), axis=0)
    square = blur.T @ blur + REGULARIZATION * gradient.T @ gradient
    return np.asarray(np.linalg.solve(square, blur.T))
