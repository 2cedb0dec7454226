"""Detector A: its statistic against the equations, what one frame can do, re-basing."""

from __future__ import annotations

from edge_adapt.drift import Reference, Signature
from edge_adapt.drift._return_watch import ReturnWatch
from edge_adapt.drift._run_statistic import FORGETTING, MAX_GAP, RunStatistic
from edge_adapt.drift.class_conditional import ClassConditional
from edge_adapt.records import Observation
from edge_adapt.signals import IMAGE_GROUPS
import numpy as np
import pytest


def feed(detector, frames):
    """Return the indices of the detections."""
    found = []
    for index, observation in enumerate(frames):
        detector.update(observation)
        if detector.drift_detected:
            found.append(index)
    return found


def slow_statistic(normal, residuals, predicted):
    """Add all runs up from the definition, every time anew: one scale's T after each frame."""
    ratios = []
    for now in range(len(predicted)):
        row = []
        for gamma in FORGETTING:
            runs: dict[int, list[list[int]]] = {}
            for t in range(now + 1):
                own = runs.setdefault(int(predicted[t]), [])
                if not own or t - own[-1][-1] > MAX_GAP:
                    own.append([])
                own[-1].append(t)
            shift = precision = np.zeros(residuals.shape[1])
            for k, own in runs.items():
                for run in own:
                    weights = gamma ** (run[-1] - np.array(run, float))
                    n, v = weights.sum(), (weights**2).sum()
                    mean = weights @ residuals[run] / n
                    variance = v / n**2 * normal.within + normal.between + normal.class_errors[k]
                    age = gamma ** (now - run[-1])
                    shift = shift + age * mean / variance
                    precision = precision + age**2 / variance
            row.append(0.5 * (shift**2 / precision).sum())
        ratios.append(row)
    return np.array(ratios)


def test_the_statistic_is_the_sum_over_runs(reference: Reference):
    rng = np.random.default_rng(7)
    predicted = rng.choice([0, 0, 0, 0, 1, 2], size=80)
    predicted[30:50] = 1  # longer than a run of the others stays open
    residuals = rng.normal(size=(80, len(reference.clean.centre)))
    statistic = RunStatistic(reference.clean)
    found = [statistic.update(residuals[[t]], predicted[[t]])[0, :, 0] for t in range(80)]
    expected = slow_statistic(reference.clean, residuals, predicted)
    np.testing.assert_allclose(found, expected, rtol=1e-6)  # the variances are float32


def test_streams_side_by_side_do_not_touch_each_other(reference: Reference):
    rng = np.random.default_rng(8)
    residuals = rng.normal(size=(50, 4, len(reference.clean.centre)))
    predicted = rng.integers(3, size=(50, 4))
    together = RunStatistic(reference.clean, n_streams=4)
    alone = RunStatistic(reference.clean)
    for t in range(50):
        if t == 20:
            together.restart(np.array([True, False, False, True]))
        all_four = together.update(residuals[t], predicted[t])
        np.testing.assert_allclose(
            all_four[2], alone.update(residuals[t, [2]], predicted[t, [2]])[0]
        )


def test_the_state_fits_in_64_kilobytes(reference: Reference):
    assert RunStatistic(reference.clean).n_bytes < 65_536


@pytest.mark.parametrize('value', [1e9, -1e9, 3.4e38])
def test_one_bad_frame_in_two_hundred_never_alarms(reference, world, value):
    detector = ClassConditional(reference)
    frames = []
    for index, observation in enumerate(world.frames(2000)):
        if index % 200 == 120:
            bad = {k: np.full_like(v, value) for k, v in observation.features.items()}
            observation = Observation(observation.stamp_ns, observation.predicted, bad)
        frames.append(observation)
    assert feed(detector, frames) == []


def test_a_drift_nobody_acts_on_is_repeated_after_the_cool_down(reference, world):
    detector = ClassConditional(reference)
    assert feed(detector, world.frames(100)) == []
    found = feed(detector, world.frames(450, shift=4.0))
    assert len(found) == 3
    assert list(np.diff(found)) == [200, 200]


def test_names_the_group_that_moved(reference, world):
    detector = ClassConditional(reference)
    for observation in world.frames(200):
        features = {**observation.features, 'output': observation.features['output'] + 6}
        detector.update(Observation(observation.stamp_ns, observation.predicted, features))
        if detector.detection is not None:
            break
    assert detector.detection is not None
    assert detector.detection.group == 'output'


def images_of(frames):
    return np.stack(
        [np.concatenate([seen.features[name] for name in IMAGE_GROUPS]) for seen in frames]
    )


def test_rebased_on_a_new_domain_it_is_quiet_there_and_finds_the_way_back(reference, world):
    detector = ClassConditional(reference)
    signature = Signature.of(images_of(world.frames(96, shift=8.0)))
    detector.rebase(signature.tensors(), 'another version')
    assert feed(detector, world.frames(1000, shift=8.0)) == []
    found = feed(detector, world.frames(60))
    assert len(found) == 1
    assert found[0] <= 20


def test_the_way_back_is_told_as_a_return(reference, world):
    here = Signature.of(images_of(world.frames(96, shift=2.0)))
    watch = ReturnWatch(reference, here)
    away = [watch.update(frame) for frame in world.frames(300, shift=2.0)]
    back = [watch.update(frame) for frame in world.frames(60)]
    assert max(away) <= 1
    assert max(back[:20]) > 1
    assert min(back[20:]) > 1


def with_other_weights(world, n, offset):
    """Yield frames whose features, but for those of the images, are moved."""
    for seen in world.frames(n):
        moved = {k: v + offset for k, v in seen.features.items() if k not in IMAGE_GROUPS}
        yield Observation(seen.stamp_ns, seen.predicted, {**seen.features, **moved})


def test_what_other_weights_answer_is_learned_and_a_change_of_it_found(reference, world):
    detector = ClassConditional(reference)
    detector.rebase({}, 'another version')
    assert feed(detector, with_other_weights(world, 500, 9.0)) == []
    [found] = feed(detector, with_other_weights(world, 60, 12.0))
    assert found <= 20


def test_other_weights_are_watched_by_their_images_from_the_start(reference, world):
    detector = ClassConditional(reference)
    detector.rebase({}, 'another version')
    assert feed(detector, with_other_weights(world, 30, 9.0)) == []
    assert feed(detector, world.frames(40, shift=8.0))


def test_its_own_weights_need_not_be_learned(reference, world):
    detector = ClassConditional(reference)
    detector.rebase({}, 'another version')
    feed(detector, with_other_weights(world, 200, 9.0))
    detector.rebase({}, reference.version)
    assert feed(detector, with_other_weights(world, 200, 9.0))


def test_frames_are_recognised_by_their_domain(reference, world):
    shifts = {'clean': 0.0, 'up': 6.0, 'down': -6.0}
    signatures = {
        name: Signature.of(images_of(world.frames(32, shift=shift)))
        for name, shift in shifts.items()
    }
    for name, shift in shifts.items():
        seen = images_of(world.frames(32, shift=shift))
        assert reference.nearest(signatures, seen) == name
    assert reference.nearest(signatures, images_of(world.frames(32, shift=20.0))) is None
    assert reference.nearest({}, images_of(world.frames(32))) is None


def test_refuses_a_cool_down_shorter_than_the_warm_up(reference):
    with pytest.raises(ValueError, match='got 16 and 3'):
        ClassConditional(reference, warm_up=16, cool_down=3)
