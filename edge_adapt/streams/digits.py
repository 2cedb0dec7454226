"""Handwritten digits of scikit-learn (Alpaydin and Kaynak, 1998): 8x8 pixels, no download."""

from __future__ import annotations

from edge_adapt.corruptions import Grid
from edge_adapt.streams import Pool
from edge_adapt.streams._card_stream import CardStream
from edge_adapt.streams._shipped_images import digits
from edge_adapt.streams._split import choose, shuffled_by_hash
import numpy as np


class Digits(CardStream):
    """1797 digits: 1000 train, 397 adapt, 400 test. No two are equal; each is its own track."""

    class_names = tuple('0123456789')
    grid = Grid(n_cells=8, cell=20, x=80, y=40, n_dead=1, blur_cells=3, shift_cells=1)

    @classmethod
    def pool(cls, part: str = 'train') -> Pool:
        """Return the images (n, 8, 8, 1) of a part."""
        images, labels = digits()
        order = shuffled_by_hash(image.tobytes() for image in images)
        parts = {'train': order[:1000], 'adapt': order[1000:1397], 'test': order[1397:]}
        return Pool(images, labels, np.arange(len(labels)), cls.grid.cell).take(
            choose(part, parts)
        )
