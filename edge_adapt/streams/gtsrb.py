"""German traffic signs (Stallkamp et al., 2012): real camera tracks, from EDGE_ADAPT_DATA."""

from __future__ import annotations

import cv2
from edge_adapt.corruptions import Grid
from edge_adapt.errors import UsageError
from edge_adapt.records import Array, I64, U8
from edge_adapt.streams import Pool
from edge_adapt.streams._card_stream import CardStream
from edge_adapt.streams._data_folder import read_arrays
from edge_adapt.streams._split import choose, shuffled_by_hash
import numpy as np

_FILE = 'gtsrb32.npz'
_ADAPT_EVERY = 5  # every fifth track of a class is for adaptation, none of it for training


class Gtsrb(CardStream):
    """
    Signs of 32x32 RGB pixels in tracks of about 30 consecutive camera frames, 43 classes.

    Parts: whole tracks for 'train' and 'adapt' (four to one in every class), and 'test', the
    data set's own test images, each its own track.
    """

    class_names = tuple(f'sign {number:02d}' for number in range(43))
    grid = Grid(n_cells=32, cell=5, x=80, y=40, n_dead=8, blur_cells=7, shift_cells=3)
    paper = 225

    @classmethod
    def pool(cls, part: str = 'train') -> Pool:
        """Return the images (n, 32, 32, 3) RGB of a part, tracks in order."""
        jpeg, sizes, labels, track_numbers, frames, is_test = read_arrays(
            _FILE, 'jpeg', 'size', 'label', 'track', 'frame', 'is_test'
        )
        labels = labels.astype(np.int64)
        n = np.arange(len(labels))
        tracks = np.where(is_test, 1_000_000 + n, labels * 1000 + track_numbers)
        adapt = np.isin(tracks, _adapt_tracks(tracks[~is_test]))
        parts = {'train': n[~is_test & ~adapt], 'adapt': n[adapt], 'test': n[is_test]}
        chosen = choose(part, parts)
        chosen = chosen[np.lexsort((frames[chosen], tracks[chosen]))]
        stops = np.cumsum(sizes, dtype=np.int64)
        images = _decode(jpeg, stops[chosen] - sizes[chosen], stops[chosen])
        return Pool(images, labels[chosen], tracks[chosen], cls.grid.cell)


def _adapt_tracks(tracks: I64) -> I64:
    """Return every fifth track of each class, in the order of their hashes."""
    names = np.unique(tracks)
    names = names[shuffled_by_hash(str(name).encode() for name in names)]
    chosen = [names[names // 1000 == label][::_ADAPT_EVERY] for label in np.unique(names // 1000)]
    return np.concatenate(chosen)


def _decode(jpeg: U8, starts: Array, stops: Array) -> U8:
    """Return the images (n, 32, 32, 3) RGB whose bytes are jpeg[start:stop]."""
    images = np.empty((len(starts), 32, 32, 3), np.uint8)
    for i, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        image = cv2.imdecode(jpeg[start:stop], cv2.IMREAD_COLOR)
        if image is None or image.shape != (32, 32, 3):
            raise UsageError(f'{_FILE}: bytes {start}..{stop} are not a 32x32 image')
        images[i] = image[..., ::-1]
    return images
