"""What every drift detector of the room must do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise, repeat
from pathlib import Path
import tracemalloc
from typing import Any

from edge_adapt import registry
from edge_adapt.drift import DriftDetector, Reference
from edge_adapt.records import Observation
import numpy as np
import pytest

STEP = 4.0  # deviations, in every feature


@pytest.fixture(params=registry.names('drift'))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def detector(name: str, reference: Reference) -> DriftDetector:
    made: DriftDetector = registry.load('drift', name)(reference)
    return made


def quiet(name, world, n=150):
    """Return frames in which this detector must see nothing, classes mixed."""
    if name == 'scene_step':
        return list(world.still(n))
    # errors evenly spread, for DDM takes three in a row for drift
    frames = enumerate(world.frames(n, run=1))
    return [replace(frame, error=float(i % 20 == 19)) for i, frame in frames]


def changed(name, world, n=300):
    """Return frames of the change this detector is for; for most, a step of all features."""
    if name == 'information_guard':
        return [replace(f, stamp_ns=i) for i, f in enumerate(repeat(next(world.frames(1)), n))]
    if name == 'scene_step':
        return list(world.still(n, gain=-1.0, offset=0.8))
    return list(world.frames(n, shift=STEP, run=1))


def detections(detector: DriftDetector, frames: Iterable[Observation]) -> list[int]:
    """Return the indices of the frames that ended in a detection."""
    found = []
    for index, observation in enumerate(frames):
        detector.update(observation)
        assert detector.drift_detected == (detector.detection is not None)
        if detector.drift_detected:
            found.append(index)
    return found


def test_fires_on_a_change_and_says_when_and_by_how_much(detector, name, world):
    assert detections(detector, quiet(name, world)) == []
    for observation in changed(name, world):
        detector.update(observation)
        if detector.detection is not None:
            break
    else:
        pytest.fail(f'{name} did not find the change within 300 frames')
    assert detector.detection.detector == name
    assert detector.detection.stamp_ns == observation.stamp_ns
    assert detector.detection.statistic > detector.detection.threshold
    assert detector.statistic > 1
    assert 0 <= detector.detection.n_frames_suspected <= 450


def test_one_change_is_one_event_until_it_is_acted_on(detector, name, world):
    detections(detector, quiet(name, world))
    found = detections(detector, changed(name, world))
    assert 1 <= len(found) <= 3
    assert all(later - earlier >= 200 for earlier, later in pairwise(found))


def test_a_reset_forgets_what_was_seen(detector, name, world):
    detections(detector, quiet(name, world))
    assert detections(detector, changed(name, world))
    detector.reset()
    assert not detector.drift_detected
    assert detector.statistic == 0
    assert detections(detector, quiet(name, world)) == []
    assert detections(detector, changed(name, world))


def test_other_weights_make_it_start_anew(detector, name, reference, world):
    detections(detector, quiet(name, world))
    assert detections(detector, changed(name, world))
    detector.rebase({}, reference.version)
    assert not detector.drift_detected
    assert detections(detector, quiet(name, world)) == []


def test_skips_frames_that_are_not_finite(detector, name, reference, world):
    other = registry.load('drift', name)(reference)
    frames = [*quiet(name, world), *changed(name, world)]
    frames = [replace(frame, stamp_ns=i) for i, frame in enumerate(frames)]
    spoiled = []
    for index, frame in enumerate(frames):
        if index % 10 == 5:
            values = {k: np.full_like(v, np.nan) for k, v in frame.features.items()}
            spoiled.append(replace(frame, features=values))
        spoiled.append(frame)
    stamps = [frames[i].stamp_ns for i in detections(detector, frames)]
    assert stamps == [spoiled[i].stamp_ns for i in detections(other, spoiled)]
    assert stamps


def test_the_same_frames_give_the_same_detections(detector, name, reference, world):
    other = registry.load('drift', name)(reference)
    frames = [*quiet(name, world), *changed(name, world)]
    assert detections(detector, frames) == detections(other, frames)


def test_a_saved_reference_gives_the_same_detections(
    detector, name, reference, world, tmp_path: Path
):
    reference.save(tmp_path / 'r.reference')
    other: Any = registry.load('drift', name)(Reference.load(tmp_path / 'r.reference'))
    frames = [*quiet(name, world), *changed(name, world)]
    assert detections(detector, frames) == detections(other, frames)


def test_memory_stops_growing(detector, name, world):
    frames = quiet(name, world)
    tracemalloc.start()
    detections(detector, 4 * [*frames])  # what a library keeps once, it keeps by now
    before = tracemalloc.get_traced_memory()[0]
    detections(detector, [*frames, *frames])
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    # 300 frames are 95 kB of features; a window that grows with their logarithm may stay
    assert grown < 32_768, f'{grown} bytes more after 300 frames'
