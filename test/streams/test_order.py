"""In which order the cards come."""

from __future__ import annotations

from edge_adapt.records import I64
from edge_adapt.streams import Pool
from edge_adapt.streams._order import plan
import numpy as np


def _pool() -> Pool:
    labels = np.arange(60) // 20
    return Pool(np.zeros((60, 8, 8, 1), np.uint8), labels, np.arange(60) // 5)


def _runs(values: I64) -> list[int]:
    changes = np.flatnonzero(np.diff(values)) + 1
    return np.diff(np.concatenate([[0], changes, [len(values)]])).tolist()


def test_shuffled_shows_every_image_before_any_comes_again() -> None:
    order = plan(_pool(), 120, 'shuffled', 1, seed=1)
    assert sorted(order[:60].tolist()) == sorted(order[60:].tolist()) == list(range(60))
    assert order.tolist() != sorted(order.tolist())


def test_a_card_is_held() -> None:
    order = plan(_pool(), 100, 'shuffled', 7, seed=1)
    assert _runs(order) == [7] * 14 + [2]


def test_runs_are_of_one_class_and_long() -> None:
    pool = _pool()
    order = plan(pool, 5000, 'runs', 1, seed=1)
    lengths = _runs(pool.labels[order])[:-1]
    assert min(lengths) >= 30
    assert max(lengths) <= 300


def test_tracks_stay_whole_and_in_sequence() -> None:
    order = plan(_pool(), 60, 'tracks', 1, seed=1)
    for track in order.reshape(12, 5):
        np.testing.assert_array_equal(track, track[0] + np.arange(5))
