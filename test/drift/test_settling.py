"""What is normal for other weights: the clean reference, moved by what they answer."""

from __future__ import annotations

from edge_adapt.drift._fit import normal_of
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._settling import MIN_RUNS, moved, N_FRAMES, runs_of, Settling
from edge_adapt.records import Observation
import numpy as np
import pytest

N_CLASSES, N_FEATURES = 4, 6


@pytest.fixture
def clean() -> Normal:
    rng = np.random.default_rng(5)
    return normal_of(
        ('pixels',),
        {'pixels': N_FEATURES},
        centre=rng.normal(size=N_FEATURES),
        scale=rng.uniform(0.5, 2, N_FEATURES),
        whitening=np.eye(N_FEATURES) + 0.2 * rng.normal(size=(N_FEATURES, N_FEATURES)),
        class_means=rng.normal(size=(N_CLASSES, N_FEATURES)),
        class_scales=rng.uniform(0.5, 2, N_CLASSES),
        within=np.ones(N_FEATURES),
        between=np.full(N_FEATURES, 0.1),
        class_errors=np.zeros(N_CLASSES),
        offset=np.zeros(N_FEATURES),
    )


def features_of(clean: Normal, residual: np.ndarray, k: int) -> np.ndarray:
    """Return the features (n,) of a frame of class k with that residual."""
    centred = np.linalg.solve(clean.whitening.astype(float), residual * clean.class_scales[k])
    return (centred + clean.class_means[k]) * clean.scale + clean.centre


def test_a_run_is_one_class_with_short_breaks() -> None:
    predicted = np.array([3, 3, 1, 3, 1, *[0] * 9, 3])
    assert runs_of(predicted).tolist() == [0, 0, 1, 0, 1, *[2] * 9, 3]


def test_residuals_about_what_was_learned_have_no_mean(clean: Normal) -> None:
    rng = np.random.default_rng(1)
    predicted = rng.integers(N_CLASSES, size=N_FRAMES)
    shift = 5 * rng.normal(size=N_FEATURES)  # far beyond the bound of a residual
    residuals = shift + rng.normal(size=(N_FRAMES, N_FEATURES))
    normal = moved(clean, residuals, runs_of(predicted))
    fresh = rng.integers(N_CLASSES, size=500)
    frames = [features_of(clean, shift + rng.normal(size=N_FEATURES), int(k)) for k in fresh]
    mean = normal.residuals(np.array(frames), fresh).mean(axis=0)
    assert np.abs(mean).max() < 5 * np.sqrt(normal.offset.max() + 1 / 500)


def test_fewer_runs_leave_more_doubt_of_the_mean(clean: Normal) -> None:
    residuals = np.random.default_rng(2).normal(size=(N_FRAMES, N_FEATURES))
    few = moved(clean, residuals, np.arange(N_FRAMES) // 32)
    many = moved(clean, residuals, np.arange(N_FRAMES) // 4)
    assert (few.offset > many.offset).all()


def test_runs_that_differ_more_than_clean_ones_widen_what_is_normal(clean: Normal) -> None:
    rng = np.random.default_rng(3)
    runs = np.arange(N_FRAMES) // 8
    residuals = 4 * rng.normal(size=(N_FRAMES // 8, N_FEATURES))[runs]
    assert (moved(clean, residuals, runs).between > 3 * clean.between).all()


def test_it_waits_for_frames_and_for_runs(clean: Normal) -> None:
    settling = Settling(clean)

    def add(k: int) -> Normal | None:
        frame = features_of(clean, np.zeros(N_FEATURES), k).astype(np.float32)
        return settling.add(Observation(0, k, {'pixels': frame}))

    assert [add(0) for _ in range(2 * N_FRAMES)] == [None] * 2 * N_FRAMES
    found = [add((1 + i // 12) % N_CLASSES) for i in range(12 * MIN_RUNS)]
    assert found[0] is None
    assert found[-1] is not None


def test_a_feature_that_spread_little_by_chance_has_what_its_group_has(clean: Normal) -> None:
    rng = np.random.default_rng(6)
    runs = np.arange(N_FRAMES) // 48
    means = 3 * rng.normal(size=(4, N_FEATURES))
    means[:, 0] = 0.0
    normal = moved(clean, means[runs] + rng.normal(size=(N_FRAMES, N_FEATURES)), runs)
    assert normal.between[0] > 10 * clean.between[0]


def test_some_groups_alone_are_measured_as_among_all(reference) -> None:
    names = ('last_layer', 'output')
    part = reference.clean.only(names)
    rng = np.random.default_rng(7)
    features = rng.normal(size=(20, len(reference.clean.centre))).astype(np.float32)
    predicted = rng.integers(3, size=20)
    own = np.concatenate([np.arange(60)[reference.clean.part(name)] for name in names])
    np.testing.assert_allclose(
        part.residuals(features[:, own], predicted),
        reference.clean.residuals(features, predicted)[:, own],
        rtol=1e-5,
    )
    assert part.thresholds.shape == (2, 3)
