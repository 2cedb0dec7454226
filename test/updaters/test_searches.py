"""The two label-free searches: what they find, and that they leave alone what is well."""

import cv2
from edge_adapt import front_end
from edge_adapt.engines.popcount import Popcount
from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.images import network_input
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.restoration_search import RestorationSearch
from edge_adapt.updaters.transform_search import TransformSearch
import numpy as np
import pytest


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


@pytest.fixture(scope='module')
def rest(digits):
    return digits.take(np.arange(1000, 1797))


def accuracy(objective, weights, samples):
    return (objective.logits(weights, samples.images).argmax(axis=1) == samples.labels).mean()


def found(updater, objective, weights, samples):
    *_, better = updater.improve(objective, weights, samples)
    return better


def test_an_inversion_is_undone_without_labels(toy, objective, rest):
    inverted = Samples(255 - rest.images, rest.labels)
    search = TransformSearch(radius=1)
    better = found(search, objective, toy.weights, inverted.take(np.arange(128)))
    clean = accuracy(objective, toy.weights, rest)
    assert accuracy(objective, toy.weights, inverted) < 0.2
    assert accuracy(objective, better, inverted) > clean - 0.1
    assert 'levels' in front_end.steps_of(better)


def test_clean_frames_are_left_alone(toy, objective, rest):
    better = found(TransformSearch(radius=1), objective, toy.weights, rest.take(np.arange(128)))
    assert not front_end.steps_of(better)


def test_a_blur_is_undone_without_labels(digits):
    """On the shipped network: filters that help a trained one need not help random features."""
    model = Model.load('digits')
    blurred = np.stack([cv2.blur(image, (3, 3)) for image in digits.images[1000:1300]])
    inputs = np.stack([network_input(image, model.network.input_shape) for image in blurred])
    samples = Samples(inputs, digits.labels[1000:1300])
    objective = EngineObjective(Popcount(), model)
    some = samples.take(np.arange(64))
    recalibrated = found(Recalibration(), objective, model.weights, some)
    better = found(RestorationSearch(), objective, model.weights, some)
    assert 'rows' in front_end.steps_of(better)
    gain = accuracy(objective, better, samples) - accuracy(objective, recalibrated, samples)
    assert gain > 0.02


def test_a_front_end_in_use_is_replaced_and_not_added_to(toy, objective, rest):
    some = rest.take(np.arange(64))
    used = toy.weights.replace(
        front_end.tensors({'levels': np.arange(255, -1, -1, dtype=np.uint8)})
    )
    direct = found(TransformSearch(radius=0), objective, toy.weights, some)
    assert found(TransformSearch(radius=0), objective, used, some).version == direct.version


def test_the_objective_applies_the_front_end(toy, objective, rest):
    inverting = toy.weights.replace(
        front_end.tensors({'levels': np.arange(255, -1, -1, dtype=np.uint8)})
    )
    np.testing.assert_array_equal(
        objective.logits(inverting, 255 - rest.images), objective.logits(toy.weights, rest.images)
    )
    np.testing.assert_array_equal(
        objective.value(inverting, 255 - rest.images, 'dense1'), rest.images
    )


def test_refuses_wrong_options_and_no_frames(toy, objective, rest):
    with pytest.raises(UsageError, match='radius must be >= 0'):
        TransformSearch(radius=-1)
    with pytest.raises(UsageError, match='n_choose must be >= 1'):
        RestorationSearch(n_choose=0)
    with pytest.raises(UsageError, match='got none'):
        next(RestorationSearch().improve(objective, toy.weights, rest.take(np.arange(0))))
