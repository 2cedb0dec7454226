"""The window joins labels to frames and keeps the guard out of training."""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.pipeline.window import Window
from edge_adapt.records import UNKNOWN
from hypothesis import given, strategies
import numpy as np
import pytest


def image(value: int) -> np.ndarray:
    return np.full((2, 2, 1), value, np.uint8)


def test_guard_and_training_share_no_frame() -> None:
    window = Window(guard_every=3)
    for i in range(9):
        window.add(i, image(i))
    training, guard = window.training.images[:, 0, 0, 0], window.guard.images[:, 0, 0, 0]
    assert training.tolist() == [0, 1, 3, 4, 6, 7]
    assert guard.tolist() == [2, 5, 8]


@pytest.mark.parametrize('label_first', [True, False])
def test_label_finds_its_frame_whichever_comes_first(label_first: bool) -> None:
    window = Window()
    if label_first:
        window.label(5, 7)
    window.add(5, image(0))
    if not label_first:
        window.label(5, 7)
    window.add(6, image(1))
    assert window.samples.labels.tolist() == [7, UNKNOWN]
    assert window.n_labels == (1, 0)


def test_keeps_only_each_spacing_th_frame() -> None:
    window = Window(spacing=4)
    for i in range(10):
        window.add(i, image(i))
    assert window.stamps_ns == [0, 4, 8]


def test_memory_is_bounded_for_frames_and_for_labels_without_frames() -> None:
    window = Window(capacity=8)
    for i in range(100):
        window.add(i, image(0))
        window.label(1000 + i, 1)
    assert len(window) == 8
    window.add(1000, image(0))  # its label is long forgotten
    assert window.n_labels == (0, 0)


def test_refuses_a_guard_that_would_take_every_frame() -> None:
    with pytest.raises(UsageError, match='guard_every must be >= 2, got 1'):
        Window(guard_every=1)


@given(
    strategies.lists(strategies.tuples(strategies.sampled_from('alf'), strategies.integers(0, 30)))
)
def test_labels_are_counted_as_they_are_kept(steps: list[tuple[str, int]]) -> None:
    window = Window(capacity=8, guard_every=3)
    for what, stamp_ns in steps:
        if what == 'a':
            window.add(stamp_ns, image(0))
        elif what == 'l':
            window.label(stamp_ns, stamp_ns % 5 - 1)  # one in five is unknown again
        else:
            window.forget_before(stamp_ns)
        kept = (window.training, window.guard)
        assert window.n_labels == tuple(int((s.labels != UNKNOWN).sum()) for s in kept)
