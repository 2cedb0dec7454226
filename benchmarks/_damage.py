"""Damaged images of a data set, as inputs of a network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edge_adapt import registry
from edge_adapt.corruptions import corrupt_all, Damage, Grid
from edge_adapt.errors import UsageError
from edge_adapt.records import Samples
from edge_adapt.streams import Pool
import numpy as np

N_TRAIN = 50_000
SHIFTS = ('noise', 'contrast', 'low_contrast', 'dead', 'blur', 'shift', 'invert')


def damaged(
    data: str,
    part: str,
    shift: str,
    segment_seed: int,
    n: int,
    input_shape: tuple[int, int, int],
    severity: float = 1.0,
) -> Samples:
    """Return n samples of a part, drawn by seed; the same segment has the same dead lines."""
    stream: Any = registry.load('streams', data)
    pool = pool_of(data, part, segment_seed)
    rng = np.random.default_rng([segment_seed, len(part)])
    pool = pool.take(rng.permutation(len(pool))[:n])
    if shift != 'clean':
        grid: Grid = stream.grid.small
        damage = Damage(severity, grid, int(rng.integers(1 << 31)), segment_seed)
        pool = Pool(corrupt_all(pool.images, shift, damage), pool.labels, pool.tracks, 1)
    return pool.samples(input_shape)


def pool_of(data: str, part: str, seed: int) -> Pool:
    """
    Return a part of a data set.

    Of MNIST and Fashion-MNIST the seed splits the training images into 50,000 to train on and
    10,000 to adapt with, so that networks of different seeds saw different images.
    """
    if data not in ('mnist', 'fashion_mnist'):
        stream: Any = registry.load('streams', data)
        pool: Pool = stream.pool(part)
        return pool
    folder = os.environ.get('EDGE_ADAPT_DATA')
    if not folder:
        raise UsageError('EDGE_ADAPT_DATA must name the folder that holds the data sets')
    half = 'test' if part == 'test' else 'train'
    with np.load(Path(folder) / f'{data}.npz', allow_pickle=False) as arrays:
        images, labels = arrays[f'x_{half}'][..., None], arrays[f'y_{half}'].astype(np.int64)
    if half == 'train':
        order = np.random.default_rng(seed).permutation(len(images))
        order = order[:N_TRAIN] if part == 'train' else order[N_TRAIN:]
        images, labels = images[order], labels[order]
    return Pool(images, labels, np.arange(len(labels)))
