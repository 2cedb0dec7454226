"""In which order the cards come: which image each frame of a stream shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edge_adapt.errors import UsageError
from edge_adapt.records import I64
from edge_adapt.streams import Pool
import numpy as np

_RUN_FRAMES = (30, 300)  # a robot's camera sees one class for one to ten seconds at 30 Hz


def plan(pool: Pool, n_frames: int, order: str, hold: int, seed: int) -> I64:
    """
    Return the image index of every frame (n_frames,); each card is held for `hold` frames.

    Orders: 'shuffled' (every image once before any comes again), 'runs' (runs of 30 to 300
    frames of one class), 'tracks' (whole tracks in random order, their images in sequence).
    Raises UsageError for another order, or a hold below 1.
    """
    if order not in _ORDERS:
        raise UsageError(f'there is no order {order!r}; there are: {", ".join(_ORDERS)}')
    if hold < 1:
        raise UsageError(f'hold must be at least 1 frame, got {hold}')
    n_cards = -(-n_frames // hold)
    chunks, n_planned = [], 0
    for chunk in _ORDERS[order](pool, hold, np.random.default_rng([seed, 1])):
        chunks.append(chunk)
        n_planned += len(chunk)
        if n_planned >= n_cards:
            break
    cards = np.concatenate(chunks)[:n_cards]
    return np.repeat(cards, hold)[:n_frames].astype(np.int64)


def _shuffled(pool: Pool, hold: int, rng: np.random.Generator) -> Iterator[I64]:
    del hold
    while True:
        yield rng.permutation(len(pool))


def _runs(pool: Pool, hold: int, rng: np.random.Generator) -> Iterator[I64]:
    members = [np.flatnonzero(pool.labels == label) for label in np.unique(pool.labels)]
    previous = -1
    while True:
        label = int(rng.integers(len(members)))
        if label == previous and len(members) > 1:
            continue
        previous = label
        n_frames = int(rng.integers(_RUN_FRAMES[0], _RUN_FRAMES[1] + 1))
        yield rng.choice(members[label], -(-n_frames // hold))


def _tracks(pool: Pool, hold: int, rng: np.random.Generator) -> Iterator[I64]:
    del hold
    by_track = np.argsort(pool.tracks, kind='stable')
    _, starts = np.unique(pool.tracks[by_track], return_index=True)
    tracks = np.split(by_track, starts[1:])
    while True:
        for i in rng.permutation(len(tracks)):
            yield tracks[i]


_ORDERS: dict[str, Callable[[Pool, int, np.random.Generator], Iterator[I64]]] = {
    'shuffled': _shuffled,
    'runs': _runs,
    'tracks': _tracks,
}
