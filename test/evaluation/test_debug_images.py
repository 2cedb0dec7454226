"""Frames with the answer drawn in: right is green, wrong is red, and nothing is held back."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
from edge_adapt.evaluation.debug_images import debug_images
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.images import WHOLE
from edge_adapt.overlay import AMBER, GREEN, RED
from edge_adapt.records import Frame, U8
import numpy as np


def timeline(labels: list[int], predicted: list[int]) -> Timeline:
    result = Timeline(labels=labels, predicted=predicted)
    result.versions += ['abcdef0123456789'] * len(labels)
    result.statistic += [0.5] * len(labels)
    return result


def frames(n_frames: int) -> Iterator[Frame]:
    for i in range(n_frames):
        yield Frame(np.full((120, 160, 3), 90, np.uint8), 10**18 + i, 'camera', 0)


def border(jpeg: bytes) -> U8:
    """Return the colour (red, green, blue) in the middle of the left border."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(picture)[60, 1, ::-1]


def test_the_border_says_right_wrong_or_unknown() -> None:
    said = timeline([1, 1, -1, 1], [1, 0, 0, -1])
    found = list(debug_images(frames(4), said, ('zero', 'one'), WHOLE))
    assert [stamp_ns for stamp_ns, _ in found] == [10**18 + i for i in range(4)]
    for (_, jpeg), colour in zip(found, (GREEN, RED, AMBER, RED), strict=True):
        assert np.abs(border(jpeg).astype(int) - colour).max() < 40


def test_frames_are_taken_one_at_a_time() -> None:
    taken: list[int] = []

    def watched() -> Iterator[Frame]:
        for i, frame in enumerate(frames(3)):
            taken.append(i)
            yield frame

    pictures = debug_images(watched(), timeline([0] * 3, [0] * 3), ('zero',), WHOLE)
    next(pictures)
    assert taken == [0]


def test_a_class_that_the_stream_has_no_name_for_is_drawn_by_its_number() -> None:
    assert len(list(debug_images(frames(2), timeline([0, 0], [7, 42]), ('zero',), WHOLE))) == 2
