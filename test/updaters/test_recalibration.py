from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters._moments import channel_moments, channel_moments_in_numpy
from edge_adapt.updaters.recalibration import KINDS, Recalibration
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
import numpy as np
import pytest


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


def recalibrated(objective, weights, samples, **options):
    *_, better = Recalibration(**options).improve(objective, weights, samples)
    return better


def accuracy(objective, weights, samples):
    return (objective.logits(weights, samples.images).argmax(axis=1) == samples.labels).mean()


def test_an_unchanged_world_changes_nothing(toy, objective, digits):
    clean = digits.take(np.arange(1000))  # the frames the statistics were recorded on
    better = recalibrated(objective, toy.weights, clean)
    for layer in toy.network.thresholds:
        before = toy.weights[f'{layer.name}.thresholds']
        # The statistics are stored as float32: a threshold on the edge may move by one.
        assert np.abs(better[f'{layer.name}.thresholds'] - before).max() <= 1


@pytest.mark.parametrize('kind', KINDS)
def test_recovers_a_change_of_contrast_without_labels(kind, toy, objective, digits):
    rest = digits.take(np.arange(1000, 1797))
    dim = Samples((rest.images * 0.25 + 128).astype(np.uint8), rest.labels)
    better = recalibrated(objective, toy.weights, dim.take(np.arange(64)), kind=kind)
    clean = accuracy(objective, toy.weights, rest)
    frozen = accuracy(objective, toy.weights, dim)
    assert frozen < clean - 0.3
    # 64 frames estimate 256 statistics: a few points are lost, as in published recalibration.
    assert accuracy(objective, better, dim) > clean - 0.1


def test_starts_from_the_clean_thresholds_whatever_it_is_given(toy, objective, digits):
    frames = digits.take(np.arange(1000, 1064))
    dim = Samples(frames.images // 3, frames.labels)
    direct = recalibrated(objective, toy.weights, frames)
    detour = recalibrated(objective, recalibrated(objective, toy.weights, dim), frames)
    assert direct.version == detour.version


def test_a_large_pseudo_count_stays_with_the_clean_statistics(toy, objective, digits):
    dim = Samples(digits.images[:64] // 3, digits.labels[:64])
    name = 'threshold1.thresholds'
    near, far = (
        recalibrated(objective, toy.weights, dim, pseudo_count=count)[name]
        for count in (1_000_000, 0)
    )
    clean = toy.weights[name]
    assert np.abs(near - clean).mean() < 0.01 * np.abs(far - clean).mean()


def test_a_dead_camera_leaves_finite_thresholds(toy, objective):
    black = Samples(np.zeros((8, 8, 8, 1), np.uint8), np.full(8, -1))
    better = recalibrated(objective, toy.weights, black)
    assert np.isfinite(objective.logits(better, black.images)).all()


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [({'kind': 'median'}, 'deviation, mean'), ({'pseudo_count': -1}, '>= 0, got -1')],
)
def test_refuses_wrong_options(options, sentence):
    with pytest.raises(UsageError, match=sentence):
        Recalibration(**options)


def test_refuses_no_frames(toy, objective, digits):
    with pytest.raises(UsageError, match='got none'):
        next(Recalibration().improve(objective, toy.weights, digits.take(np.arange(0))))


@given(
    arrays(
        np.int32,
        array_shapes(min_dims=2, max_dims=2, max_side=40),
        elements=st.integers(-(1 << 20), 1 << 20),
    )
)
def test_moments_are_exact_in_any_order(values):
    wide = values.astype(object)
    for moments in (channel_moments, channel_moments_in_numpy):
        totals, squares = moments(values)
        assert totals.tolist() == wide.sum(axis=0).tolist()
        assert squares.tolist() == (wide**2).sum(axis=0).tolist()
