"""Thresholds that all classes share follow an experience, as far as they may."""

from edge_adapt.engines.popcount import Popcount
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters.ar1_star import _gradient, _layer, _scale, Ar1Star, Shared
import numpy as np
import pytest


@pytest.fixture
def objective(toy):
    return EngineObjective(Popcount(), toy)


@pytest.fixture
def dim(digits):
    some = digits.take(np.arange(1000, 1200))
    return Samples((some.images * 0.3 + 60).astype(np.uint8), some.labels)


def moved(objective, weights, learner, samples):
    """Return how far the thresholds go in one experience, in clean deviations."""
    *_, better = learner.improve(objective, weights, samples)
    layer = _layer(objective.network)
    change = better[f'{layer.name}.thresholds'] - weights[f'{layer.name}.thresholds']
    return np.abs(change / _scale(objective, layer)[1]).mean()


def test_the_gradient_is_that_of_smooth_bits(toy, objective, dim):
    """Against differences of a network whose bits are ramps as wide as the straight-through."""
    layer, batch = _layer(toy.network), dim.take(np.arange(32))
    base, deviation = _scale(objective, layer)
    head = [toy.weights[f'head.{name}'] for name in ('weights', 'bias', 'scale')]
    zero = np.zeros(layer.n)
    shared = Shared(zero, zero, zero, zero, 0, *head)
    sums = objective.value(toy.weights, batch.images, layer.name).reshape(len(batch), -1)

    def loss(theta, bits):
        ramp = np.clip((sums - (base + deviation * theta)) / deviation, -1, 1)
        # Bits as they are, moved by what the ramp moves: the straight-through estimate.
        ramp_now = np.clip((sums - base) / deviation, -1, 1)
        logits = float(head[2]) * ((bits + ramp - ramp_now) @ head[0].T + head[1])
        chosen = logits[np.arange(len(batch)), batch.labels]
        return (np.log(np.exp(logits).sum(axis=1)) - chosen).mean()

    bits = np.where(sums >= base, 1.0, -1.0)
    gradient = _gradient(objective, toy.weights, layer, shared, batch)
    some = np.argsort(-np.abs(gradient))[:5]
    for k in some:
        step = np.zeros(layer.n)
        step[k] = 1e-5
        difference = (loss(step, bits) - loss(-step, bits)) / 2e-5
        assert gradient[k] == pytest.approx(difference, rel=0.01, abs=1e-4)  # float32 softmax


def test_importance_holds_the_thresholds(toy, objective, dim):
    def second_way(strength):
        learner = Ar1Star(strength=strength, threshold_rate=0.2, n_epochs=2)
        half = len(dim) // 2
        *_, once = learner.improve(objective, toy.weights, dim.take(np.arange(half)))
        return moved(objective, once, learner, dim.take(np.arange(half, len(dim))))

    assert second_way(5.0) < second_way(0.0)


def test_refuses_wrong_options():
    with pytest.raises(UsageError, match='got -1 and'):
        Ar1Star(strength=-1)
