"""
What goes wrong with a camera: pure, seeded functions from image to image.

Pixel values are read as 0..1. `Damage.severity` leads from 0 (the clean image) to 1 (the full
effect of the definitions below). A corruption acts on the small images of a data set and on
camera images that show them enlarged: `Grid` says how the data set's pixels, the cells, lie in
the image, so that both look the same to a network. Chance is equal in all channels (luminance
noise), so corrupting and turning grey can be exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import cv2
from edge_adapt.errors import UsageError
from edge_adapt.records import F32, U8
import numpy as np


@dataclass(frozen=True, slots=True)
class Grid:
    """
    How the cells of a data-set image lie in a camera image, and the strengths that suit it.

    `n_cells` x `n_cells` squares of `cell` camera pixels begin at pixel (x, y). At full severity
    `n_dead` columns and rows are stuck, the blur averages over `blur_cells` x `blur_cells`, and
    the image moves by `shift_cells`. The defaults are those of 8x8 digits.
    """

    n_cells: int = 8
    cell: int = 1
    x: int = 0
    y: int = 0
    n_dead: int = 1
    blur_cells: int = 3
    shift_cells: int = 1

    @property
    def small(self) -> Grid:
        """Return the grid of the data set's own images: one pixel a cell, no surroundings."""
        return replace(self, cell=1, x=0, y=0)


@dataclass(frozen=True, slots=True)
class Damage:
    """
    How much, where, and by which chance.

    `seed` is new for each frame; `segment_seed` stays for a stretch of frames, so that a dead
    sensor column stays where it is.
    """

    severity: float = 1.0
    grid: Grid = Grid()
    seed: int = 0
    segment_seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a severity that is none."""
        if not 0 <= self.severity <= 1:
            raise UsageError(f'severity must be within 0..1, got {self.severity}')


Corruption = Callable[[U8, Damage], U8]

# Changes of light at full severity: slope and offset of slope * x + offset, then clipped.
_LIGHT = {
    'clean': (1.0, 0.0),
    'contrast': (0.25, 0.5),  # washed out
    'low_contrast': (0.3, 0.0),  # dusk
    'invert': (-1.0, 1.0),  # a negative
    'gain': (1.6, 0.0),  # exposed too long
    'lighting': (0.8, 0.05),  # a change that should harm nobody
    'dark': (0.15, 0.0),  # night
    'bright': (1.0, 0.5),  # into the sun
    'fog': (0.25, 0.6),  # 0.75 of a veil of 0.8
    'black': (0.0, 0.0),  # no light at all
    'uniform': (0.0, 0.5),  # a covered lens
    'saturated': (0.0, 1.0),  # far too much light
}


def _light(slope: float, offset: float, image: U8, damage: Damage) -> U8:
    severity = damage.severity
    return _levels(image, 1 + (slope - 1) * severity, offset * severity)


_ALL: dict[str, Corruption] = {
    name: partial(_light, slope, offset) for name, (slope, offset) in _LIGHT.items()
}


def names() -> list[str]:
    """Return the names of all corruptions, sorted."""
    return sorted(_ALL)


def corrupt(image: U8, name: str, damage: Damage = Damage()) -> U8:
    """
    Return `image` (height, width) or (height, width, channels) as a damaged camera gives it.

    `name` may join several with '+', applied left to right: 'blur+noise'. Severity 0 returns the
    image itself. Raises UsageError for a name nobody knows.
    """
    for part in name.split('+'):
        if part not in _ALL:
            raise UsageError(f'there is no corruption {part!r}; there are: {", ".join(names())}')
        if damage.severity > 0:
            image = _ALL[part](image, damage)
    return image


def corrupt_all(images: U8, name: str, damage: Damage = Damage()) -> U8:
    """Corrupt `images` (n, height, width[, channels]) as n frames of one segment."""
    seeds = np.random.SeedSequence(damage.seed).generate_state(len(images))
    return np.stack(
        [
            corrupt(image, name, replace(damage, seed=int(seed)))
            for image, seed in zip(images, seeds, strict=True)
        ]
    )


def _corruption(function: Corruption) -> Corruption:
    _ALL[function.__name__] = function
    return function


@_corruption
def flicker(image: U8, damage: Damage) -> U8:
    """Lamps beside the shutter's rhythm: a new gain of 0.5..1.5 for each frame."""
    change = np.random.default_rng(damage.seed).uniform(-0.5, 0.5)
    return _levels(image, 1 + change * damage.severity, 0)


@_corruption
def noise(image: U8, damage: Damage) -> U8:
    """Gaussian noise of deviation 0.35 on every cell, clipped."""
    rng = np.random.default_rng(damage.seed)
    values = rng.standard_normal(_n_cells_in(image, damage.grid), dtype=np.float32)
    return _add(image, values * np.float32(0.35 * 255 * damage.severity), damage.grid)


@_corruption
def salt_and_pepper(image: U8, damage: Damage) -> U8:
    """Every fifth cell is black or white."""
    rng = np.random.default_rng(damage.seed)
    chance = rng.random(_n_cells_in(image, damage.grid), dtype=np.float32)
    share = np.float32(0.1 * damage.severity)
    values = np.float32(255) * ((chance > 1 - share).astype(np.float32) - (chance < share))
    return _add(image, values, damage.grid)


@_corruption
def dead(image: U8, damage: Damage) -> U8:
    """Stuck sensor lines, the same for a segment: columns at 0 and rows at 1."""
    grid = damage.grid
    rng = np.random.default_rng(damage.segment_seed)
    columns = grid.x + grid.cell * rng.permutation(grid.n_cells)
    rows = grid.y + grid.cell * rng.permutation(grid.n_cells)
    out = image.copy()
    for i in range(grid.n_dead):
        # The last line of a fraction of the lines is half stuck, so a ramp of severity is smooth.
        share = min(max(damage.severity * grid.n_dead - i, 0.0), 1.0)
        column = np.s_[:, columns[i] : columns[i] + grid.cell]
        row = np.s_[rows[i] : rows[i] + grid.cell]
        out[column] = _levels(out[column], 1 - share, 0)
        out[row] = _levels(out[row], 1 - share, share)
    return out


@_corruption
def blur(image: U8, damage: Damage) -> U8:
    """Out of focus: the mean over 3x3 cells (7x7 for 28x28 images)."""
    width = 1 + damage.severity * (damage.grid.blur_cells * damage.grid.cell - 1)
    narrow = int(width - 1) // 2 * 2 + 1  # box filters have odd widths: mix the two around
    share = (width - narrow) / 2
    mixed = cv2.addWeighted(_box(image, narrow), 1 - share, _box(image, narrow + 2), share, 0)
    return np.asarray(mixed, np.uint8).reshape(image.shape)


@_corruption
def shift(image: U8, damage: Damage) -> U8:
    """Roll to the right, as a loose mount does, by one cell (three for 28x28 images)."""
    grid = damage.grid
    return np.roll(image, round(damage.severity * grid.shift_cells * grid.cell), axis=1)


def _levels(image: U8, slope: float, offset: float) -> U8:
    """Return slope * x + offset, rounded and clipped."""
    if (slope, offset) == (1, 0):
        return image
    table = np.rint(slope * np.arange(256) + 255 * offset).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8).reshape(image.shape)


def _box(image: U8, width: int) -> U8:
    out = cv2.blur(image, (width, width), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def _n_cells_in(image: U8, grid: Grid) -> tuple[int, int]:
    """Return how many cells, whole or in part, the image has from the grid's lines on."""
    height, width = image.shape[:2]
    return (
        -(-(height + -grid.y % grid.cell) // grid.cell),
        -(-(width + -grid.x % grid.cell) // grid.cell),
    )


def _add(image: U8, values: F32, grid: Grid) -> U8:
    """Return image + the value of each cell, the same in all channels, rounded and clipped."""
    rounded = np.rint(values).clip(-255, 255)
    up, down = (_spread(part.clip(0), image, grid) for part in (rounded, -rounded))
    return np.asarray(cv2.subtract(cv2.add(image, up), down), np.uint8).reshape(image.shape)


def _spread(values: F32, image: U8, grid: Grid) -> U8:
    """Return an image like `image` that has the value of its cell in each pixel."""
    height, width = image.shape[:2]
    size = (values.shape[1] * grid.cell, values.shape[0] * grid.cell)
    spread = cv2.resize(values.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    top, left = -grid.y % grid.cell, -grid.x % grid.cell
    spread = spread[top : top + height, left : left + width]
    n_channels = image.shape[2] if image.ndim == 3 else 1
    return np.asarray(cv2.merge([spread] * n_channels), np.uint8).reshape(image.shape)
