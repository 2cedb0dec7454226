"""MNIST and data sets laid out like it: 60000 images to train, 10000 to test, 28x28 grey."""

from __future__ import annotations

from typing import ClassVar

from edge_adapt.corruptions import Grid
from edge_adapt.streams import Pool
from edge_adapt.streams._card_stream import CardStream
from edge_adapt.streams._data_folder import read_arrays
from edge_adapt.streams._split import choose, shuffled_by_hash
import numpy as np

_N_ADAPT = 10_000


class IdxStream(CardStream):
    """50000 train, 10000 adapt (both of the original training images), 10000 test."""

    file_name: ClassVar[str]
    grid = Grid(n_cells=28, cell=6, x=78, y=36, n_dead=3, blur_cells=7, shift_cells=3)

    @classmethod
    def pool(cls, part: str = 'train') -> Pool:
        """Return the images (n, 28, 28, 1) of a part; UsageError without the data file."""
        train, train_labels, test, test_labels = read_arrays(
            cls.file_name, 'x_train', 'y_train', 'x_test', 'y_test'
        )
        images = np.concatenate([train, test])[..., np.newaxis]
        labels = np.concatenate([train_labels, test_labels]).astype(np.int64)
        order = shuffled_by_hash(image.tobytes() for image in train)
        parts = {
            'train': order[_N_ADAPT:],
            'adapt': order[:_N_ADAPT],
            'test': np.arange(len(train), len(images)),
        }
        return Pool(images, labels, np.arange(len(labels)), cls.grid.cell).take(
            choose(part, parts)
        )
