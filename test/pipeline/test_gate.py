from edge_adapt.engines.reference import Reference
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples, UNKNOWN
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np
import pytest


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


def dim(samples):
    return Samples((samples.images * 0.25 + 128).astype(np.uint8), samples.labels)


def without_labels(samples):
    return Samples(samples.images, np.full(len(samples), UNKNOWN))


@pytest.fixture
def mended(toy, objective, digits):
    """Return weights recalibrated for dim images."""
    *_, better = Recalibration().improve(
        objective, toy.weights, dim(digits.take(np.arange(1000, 1064)))
    )
    return better


@pytest.fixture
def guard(digits):
    return dim(digits.take(np.arange(1100, 1228)))


def test_accepts_a_gain_that_labels_prove(toy, objective, mended, guard):
    verdict = Gate().judge(objective, toy.weights, mended, guard)
    assert verdict.accepted
    assert verdict.signal == 'accuracy'
    assert verdict.after > verdict.before + 0.3


def test_refuses_a_loss_that_labels_prove(toy, objective, mended, guard):
    assert not Gate().judge(objective, mended, toy.weights, guard).accepted


def test_accepts_and_refuses_without_labels_too(toy, objective, mended, guard):
    unlabelled = without_labels(guard)
    verdict = Gate().judge(objective, toy.weights, mended, unlabelled)
    assert verdict.accepted
    assert verdict.signal == 'information'
    assert not Gate().judge(objective, mended, toy.weights, unlabelled).accepted


def with_few_labels(guard, labels):
    told = np.full(len(guard), UNKNOWN)
    told[: len(labels)] = labels
    return Samples(guard.images, told)


def test_labels_too_few_to_prove_a_gain_do_not_hinder_it(toy, objective, mended, guard):
    few = with_few_labels(guard, guard.labels[:16])
    verdict = Gate().judge(objective, toy.weights, mended, few)
    assert verdict.accepted
    assert verdict.signal == 'information'


def test_a_few_labels_forbid_what_they_show_to_be_worse(toy, objective, mended, guard):
    before = objective.logits(toy.weights, guard.images[:16]).argmax(axis=1)
    labels = np.where(np.arange(16) % 4 == 0, guard.labels[:16], before)
    verdict = Gate().judge(objective, toy.weights, mended, with_few_labels(guard, labels))
    assert not verdict.accepted
    assert '16 labelled frames' in verdict.reason


def test_a_few_labels_of_one_class_forbid_too(toy, objective, mended, guard):
    few = with_few_labels(guard, np.full(16, 3))
    verdict = Gate().judge(objective, toy.weights, mended, few)
    assert not verdict.accepted
    assert 'labels of 1 classes' in verdict.reason


@pytest.mark.parametrize('n_labels', [0, 64])
def test_refuses_on_a_guard_of_one_class(n_labels, toy, objective, mended, digits):
    ones = dim(digits.take(np.flatnonzero(digits.labels == 1)[:64]))
    guard = ones if n_labels else without_labels(ones)
    # Both see ones alone, or say so: there is nothing to judge by.
    verdict = Gate().judge(objective, mended, mended.replace({'x': np.zeros(1)}), guard)
    assert not verdict.accepted
    assert 'classes' in verdict.reason


def test_refuses_a_head_that_says_one_class(toy, objective, guard):
    collapsed = toy.weights.replace({'head.bias': np.eye(10, dtype=np.int32)[0] * 10**6})
    assert not Gate().judge(objective, toy.weights, collapsed, guard).accepted
    assert not Gate().judge(objective, toy.weights, collapsed, without_labels(guard)).accepted


def test_a_gain_within_chance_is_refused(toy, objective, mended, guard):
    strict = Gate(confidence=100.0)
    assert not strict.judge(objective, toy.weights, mended, guard).accepted


def test_refuses_an_empty_guard_and_equal_weights(toy, objective, mended, guard):
    nothing = guard.take(np.arange(0))
    assert Gate().judge(objective, toy.weights, mended, nothing).reason == 'the guard is empty'
    assert Gate().judge(objective, mended, mended, guard).reason == 'nothing changed'
