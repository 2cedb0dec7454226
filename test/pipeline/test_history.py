"""The frames before a change are spread over the time before it, in bounded memory."""

from __future__ import annotations

from edge_adapt.pipeline.history import CAPACITY, History, MAX_STRIDE
import numpy as np
import pytest


def numbers(history: History) -> list[int]:
    """Return which frames are kept."""
    return [int(image[0, 0, 0]) for image in history._images]


def seen(n_frames: int, spacing: int = 1) -> History:
    history = History(spacing)
    for i in range(n_frames):
        history.add(np.full((1, 1, 1), i, np.int64).astype(np.int64))
    return history


def test_a_few_frames_are_all_kept() -> None:
    assert numbers(seen(CAPACITY)) == list(range(CAPACITY))


@pytest.mark.parametrize('n_frames', [200, 777, 5000, 20_000])
@pytest.mark.parametrize('spacing', [1, 3])
def test_many_are_thinned_evenly(n_frames: int, spacing: int) -> None:
    kept = numbers(seen(n_frames, spacing))
    assert CAPACITY // 2 <= len(kept) <= CAPACITY or n_frames // spacing < CAPACITY
    [stride] = set(np.diff(kept))
    assert stride <= MAX_STRIDE * spacing
    assert kept[-1] > n_frames - 1 - 2 * stride
    if stride < MAX_STRIDE * spacing:
        assert kept[0] == 0
