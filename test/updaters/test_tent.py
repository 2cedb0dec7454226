"""Tent, EATA's filters and the periodic reset."""

from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Head
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples, Weights
from edge_adapt.signals import entropy, softmax
from edge_adapt.updaters._reliable import mean_after, redundant, reliable
from edge_adapt.updaters.rdumb import Rdumb
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.tent import Tent
import numpy as np
import pytest


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


@pytest.fixture(scope='module')
def dim(digits):
    some = digits.take(np.arange(1000, 1200))
    return Samples((some.images * 0.3 + 60).astype(np.uint8), some.labels)


def mean_entropy(objective, weights, samples):
    logits = objective.logits(weights, samples.images) * float(weights['head.scale'])
    return float(entropy(softmax(logits)).mean())


def test_answers_become_surer_than_after_recalibration_alone(toy, objective, dim):
    *_, recalibrated = Recalibration().improve(objective, toy.weights, dim)
    *_, better = Tent(n_steps=32).improve(objective, toy.weights, dim)
    assert mean_entropy(objective, better, dim) < mean_entropy(objective, recalibrated, dim) - 0.02


def test_moves_only_the_thresholds_the_head_reads(toy, objective, dim):
    *_, recalibrated = Recalibration().improve(objective, toy.weights, dim)
    *_, better = Tent().improve(objective, toy.weights, dim)
    changed = {n for n in better if not np.array_equal(better[n], recalibrated[n])}
    assert changed == {'threshold2.thresholds'}


def test_refuses_a_head_that_reads_no_bits():
    network = Network('head', (1, 1, 4), (Head(name='head', n_in=4, n_classes=2),), ('a', 'b'))
    weights: dict[str, np.ndarray] = {
        'head.weights': np.ones((2, 4), np.int8),
        'head.bias': np.zeros(2, np.int32),
        'head.scale': np.ones((), np.float32),
    }
    model = Model(network, Weights(weights))
    frames = Samples(np.zeros((3, 1, 1, 4), np.uint8), np.zeros(3, np.int64))
    with pytest.raises(UsageError, match='reads bits'):
        next(Tent().improve(EngineObjective(Reference(), model), model.weights, frames))


def test_frames_the_network_is_unsure_of_do_not_count():
    sure, unsure = np.array([0.98, 0.01, 0.01]), np.full(3, 1 / 3)
    weights = reliable(np.stack([sure, unsure]))
    limit = 0.4 * np.log(3)
    assert weights[1] == 0
    assert weights[0] == pytest.approx(np.exp(limit - entropy(sure[None])[0]), rel=1e-5)


def test_frames_like_the_mean_answer_do_not_count():
    shares = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]])
    mean = mean_after(np.zeros(3), shares[:1], np.ones(1))
    np.testing.assert_allclose(mean, shares[0])
    assert redundant(shares, mean, 0.4).tolist() == [1.0, 0.0]
    moved = mean_after(mean, shares, np.array([0.0, 1.0]))
    np.testing.assert_allclose(moved, 0.9 * shares[0] + 0.1 * shares[1])


def test_a_periodic_reset_starts_from_the_trained_weights(toy, objective, dim):
    learner, fresh = Rdumb(n_frames=400), Rdumb(n_frames=10_000)
    weights, without = toy.weights, toy.weights
    for _ in range(2):
        *_, weights = learner.improve(objective, weights, dim)
        *_, without = fresh.improve(objective, without, dim)
    assert weights.version == without.version
    upset = toy.weights.replace(
        {'head.bias': toy.weights['head.bias'] + np.arange(10, dtype='i4')}
    )
    *_, weights = learner.improve(objective, upset, dim)
    *_, without = fresh.improve(objective, upset, dim)
    np.testing.assert_array_equal(weights['head.bias'], toy.weights['head.bias'])
    np.testing.assert_array_equal(without['head.bias'], upset['head.bias'])
