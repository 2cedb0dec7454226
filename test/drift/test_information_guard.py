"""The guard: frames without information are found within 16 frames, others never."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt.drift.information_guard import InformationGuard
from edge_adapt.records import Observation
from edge_adapt.signals import image_features, OUTPUT
import numpy as np
import pytest


@pytest.fixture
def guard(reference):
    """Return a guard that knows images of some contrast: ln(deviation + 0.02) of -1.5 or so."""
    domain = reference.domain
    centre, scale = domain.centre.copy(), domain.scale.copy()
    centre[1], scale[1] = -1.5, 0.1
    return InformationGuard(replace(reference, domain=replace(domain, centre=centre, scale=scale)))


def first_detection(detector, frames):
    for index, frame in enumerate(frames):
        detector.update(frame)
        if detector.detection is not None:
            return index, detector.detection
    return None, None


@pytest.mark.parametrize('level', [0, 128, 255])
@pytest.mark.parametrize('noise', [0.0, 2.0])
def test_finds_black_grey_and_saturated_frames_within_16(guard, world, level, noise):
    rng = np.random.default_rng(5)
    frames = list(world.frames(50))
    for frame in world.frames(40):
        image = np.clip(level + noise * rng.normal(size=(16, 16, 1)), 0, 255).astype(np.uint8)
        frames.append(Observation(0, 3, {**frame.features, **image_features(image)}))
    index, detection = first_detection(guard, frames)
    assert index is not None
    assert 50 <= index < 66
    assert detection.details['cause'] == 'no spread'


def test_finds_a_stuck_frame_within_16(reference, world):
    frames = list(world.frames(50))
    index, detection = first_detection(InformationGuard(reference), frames + [frames[-1]] * 40)
    assert index is not None
    assert index < 66
    assert detection.details['cause'] == 'same image'


def test_finds_a_network_stuck_at_one_answer_within_16(reference, world):
    frames = list(world.frames(50))
    answer = frames[-1].features[OUTPUT]
    stuck = [replace(f, features={**f.features, OUTPUT: answer}) for f in world.frames(40)]
    index, detection = first_detection(InformationGuard(reference), frames + stuck)
    assert index is not None
    assert index < 66
    assert detection.details['cause'] == 'same answer'
    assert detection.group == OUTPUT


def test_a_few_equal_frames_are_no_matter(reference, world):
    frames = [frame for frame in world.frames(100) for _ in range(8)]
    assert first_detection(InformationGuard(reference), frames) == (None, None)


def test_refuses_to_judge_by_one_frame(reference):
    with pytest.raises(ValueError, match='got 1'):
        InformationGuard(reference, n_frames=1)
