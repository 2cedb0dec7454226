"""Forgetting and transfer of tables whose answers can be worked out on paper."""

from __future__ import annotations

from edge_adapt.evaluation.transfer import MAX_SEGMENTS, N_PROBES, Probes, transfer
from edge_adapt.streams import Segment
import numpy as np


def test_figures_follow_the_definitions() -> None:
    # Rows: before, after a, after b, after c; columns: a, b, c.
    table = np.array([[0.5, 0.2, 0.1], [0.9, 0.4, 0.1], [0.7, 0.8, 0.3], [0.6, 0.7, 0.9]])
    found = transfer(('a', 'b', 'c'), (1, 2, 3), table)
    assert found.forgetting is not None
    assert found.forward_transfer is not None
    np.testing.assert_allclose(found.forgetting, ((0.9 - 0.6) + (0.8 - 0.7)) / 2)
    assert found.backward_transfer == -found.forgetting
    np.testing.assert_allclose(found.forward_transfer, ((0.4 - 0.2) + (0.3 - 0.1)) / 2)


def test_a_single_segment_says_nothing() -> None:
    found = transfer(('a',), (1,), np.array([[0.5], [0.9]]))
    assert (found.forgetting, found.backward_transfer, found.forward_transfer) == (None,) * 3


def test_memory_does_not_grow_with_the_stream() -> None:
    probes = Probes(0)
    segments = [Segment('clean', 0, 1000), Segment('blur', 1000, 1000)]
    for index in range(2000):
        probes.see(index, segments, np.zeros((1, 2, 2, 1), np.uint8), [0])
    assert {name: len(images) for name, images in probes._images.items()} == {
        'clean': N_PROBES,
        'blur': N_PROBES,
    }
    for _ in range(2 * MAX_SEGMENTS):
        probes.end_segment({'x': None})  # type: ignore[dict-item]
    assert len(probes._weights['x']) == MAX_SEGMENTS


def test_a_domain_is_probed_where_it_was_seen_first() -> None:
    probes = Probes(0)
    segments = [Segment('clean', 0, 5), Segment('blur', 5, 5), Segment('clean', 10, 5)]
    for segment in segments:
        numbers = np.arange(segment.start, segment.stop, dtype=np.uint8)
        images = np.broadcast_to(numbers[:, None, None, None], (5, 2, 2, 1))
        probes.see(segment.start, segments, images, [0] * 5)
    assert [int(image[0, 0, 0]) for image in probes._images['clean']] == [0, 1, 2, 3, 4]
