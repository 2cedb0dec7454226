"""What every drift detector of the room must do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
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


def detections(detector: DriftDetector, frames: Iterable[Observation]) -> list[int]:
    """Return the indices of the frames that ended in a detection."""
    found = []
    for index, observation in enumerate(frames):
        detector.update(observation)
        assert detector.drift_detected == (detector.detection is not None)
        if detector.drift_detected:
            found.append(index)
    return found


def test_fires_on_a_step_and_says_when_and_by_how_much(detector, name, world):
    assert detections(detector, world.frames(400)) == []
    for observation in world.frames(400, shift=STEP):
        detector.update(observation)
        if detector.detection is not None:
            break
    else:
        pytest.fail(f'{name} did not find a step of {STEP} deviations within 400 frames')
    assert detector.detection.detector == name
    assert detector.detection.stamp_ns == observation.stamp_ns
    assert detector.detection.statistic > detector.detection.threshold
    assert detector.statistic > 1
    assert 0 <= detector.detection.n_frames_suspected <= 800


def test_is_quiet_on_clean_frames(detector, world):
    assert detections(detector, world.frames(3000)) == []


def test_is_quiet_when_the_runs_are_long(detector, world):
    assert detections(detector, world.frames(2400, run=300)) == []


def test_restarts_after_a_detection(detector, world):
    first = detections(detector, world.frames(1500, shift=STEP))
    assert len(first) <= 8, 'one drift is one event, repeated only now and then'
    detector.reset()
    assert not detector.drift_detected
    assert detector.statistic == 0
    assert detections(detector, world.frames(300)) == []
    assert detections(detector, world.frames(600, shift=STEP))


def test_skips_frames_that_are_not_finite(detector, name, reference, world):
    other = registry.load('drift', name)(reference)
    frames = [*world.frames(300), *world.frames(300, shift=STEP)]
    spoiled = []
    for index, observation in enumerate(frames):
        if index % 10 == 5:
            values = {k: np.full_like(v, np.nan) for k, v in observation.features.items()}
            spoiled.append(replace(observation, features=values))
        spoiled.append(observation)
    stamps = [frames[i].stamp_ns for i in detections(detector, frames)]
    assert stamps == [spoiled[i].stamp_ns for i in detections(other, spoiled)]
    assert stamps


def test_the_same_frames_give_the_same_detections(detector, name, reference, world):
    other = registry.load('drift', name)(reference)
    frames = [*world.frames(300), *world.frames(500, shift=STEP)]
    assert detections(detector, frames) == detections(other, frames)


def test_a_saved_reference_gives_the_same_detections(
    detector, name, reference, world, tmp_path: Path
):
    reference.save(tmp_path / 'r.reference')
    other: Any = registry.load('drift', name)(Reference.load(tmp_path / 'r.reference'))
    frames = [*world.frames(300), *world.frames(500, shift=STEP)]
    assert detections(detector, frames) == detections(other, frames)


def test_memory_stops_growing(detector, world):
    frames = list(world.frames(400))
    for observation in frames:
        detector.update(observation)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        for observation in frames:
            detector.update(observation)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 16_384, f'{grown} bytes more after 1200 frames'  # bookkeeping, not frames
