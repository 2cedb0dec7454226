"""Exact detections on a seeded stream: 300 clean frames, then 400 shifted by 3 deviations."""

from __future__ import annotations

from edge_adapt import registry
import pytest

# python -m pytest test/drift/test_golden.py, this package, numpy 2.4.6, river 0.26.1
GOLDEN = {
    'adwin': [351],
    'class_conditional': [303, 503],
    'corruption_bank': [301, 501],
    'ddm': [308],
    'ensemble': [301, 517],
    'first_layer_kl': [315, 515],
    'information_guard': [],
    'kswin': [314],
    'page_hinkley': [646],
    'poem': [342, 542],
    'scene_odds': [367, 567],
    'scene_step': [],
    'sequential_centroids': [348, 548],
}


@pytest.mark.parametrize('name', sorted(GOLDEN))
def test_detects_where_it_always_did(name, reference, world):
    detector = registry.load('drift', name)(reference)
    found = []
    for index, frame in enumerate([*world.frames(300, run=1), *world.frames(400, 3.0, run=1)]):
        detector.update(frame)
        if detector.drift_detected:
            found.append(index)
    assert found == GOLDEN[name]


def test_every_detector_has_a_golden_answer():
    assert sorted(GOLDEN) == registry.names('drift')
