from edge_adapt.engines.popcount import Popcount
from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Dense, Head
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.networks.projection import with_projection
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Weights
from edge_adapt.updaters.class_means import ClassMeans
from edge_adapt.updaters.pca_lda import PcaLda
import numpy as np
import pytest

N_OUT = 40


def taps(model, images, names):
    return Popcount().prepare(model.network, model.weights)(images, taps=names).taps


@pytest.fixture(scope='module')
def projected(toy, digits):
    return with_projection(toy, taps, digits.images[:500], n_out=N_OUT)


def accuracy(objective, weights, samples):
    return (objective.logits(weights, samples.images).argmax(axis=1) == samples.labels).mean()


def test_its_levels_are_the_principal_components_of_all_layers(projected, toy, digits):
    images = digits.images[:500]
    sources = projected.network.sources['projection']
    assert sources == ('pooled_input', 'threshold1', 'threshold2')
    values = taps(projected, images, [*sources, 'projection'])
    x = np.concatenate([values[name].reshape(500, -1) for name in sources], axis=1).astype(float)
    x -= x.mean(axis=0)
    variances = np.linalg.svd(x, compute_uv=False)[:N_OUT] ** 2
    directions = projected.weights['projection.weights'].astype(float)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    kept = ((x @ directions.T) ** 2).sum(axis=0)
    # The directions are rounded to 8 bits and come out of 8 rounds of iteration.
    np.testing.assert_allclose(kept[:10], variances[:10], rtol=0.02)


def test_every_direction_fills_its_levels(projected, digits):
    levels = taps(projected, digits.images[:500], ['projection'])['projection']
    deviations = levels.std(axis=0)
    assert deviations.min() > 8
    assert deviations.max() < 32
    assert (np.abs(levels) == 127).mean() < 0.001


def test_pca_lda_on_it_beats_the_means_of_the_last_layer(projected, toy, digits):
    train, rest = digits.take(np.arange(1000)), digits.take(np.arange(1000, 1797))
    reached = {}
    for model, updater in ((projected, PcaLda()), (toy, ClassMeans())):
        objective = EngineObjective(Reference(), model)
        (better,) = updater.improve(objective, model.weights, train)
        reached[model.network] = accuracy(objective, better, rest)
    assert reached[projected.network] > reached[toy.network] + 0.03


def test_goes_on_from_what_a_model_has_recorded(projected, digits):
    first, second = digits.take(np.arange(500)), digits.take(np.arange(500, 1000))
    objective = EngineObjective(Popcount(), projected)
    whole = PcaLda()
    for part in (first, second):
        *_, expected = whole.improve(objective, projected.weights, part)
    half = PcaLda()
    next(half.improve(objective, projected.weights, first))
    recorded = {f'head.{name}': array for name, array in half.state().items()}
    shipped = Model(projected.network, projected.weights, {**projected.statistics, **recorded})
    (found,) = PcaLda().improve(EngineObjective(Popcount(), shipped), projected.weights, second)
    assert found.version == expected.version


def test_refuses_fewer_images_than_directions(toy, digits):
    with pytest.raises(UsageError, match='as many images at least, got 39'):
        with_projection(toy, taps, digits.images[:39], n_out=N_OUT)


def test_refuses_a_network_without_bits():
    layers = (Dense(name='a', n_in=4, n_out=3), Head(name='head', n_in=3, n_classes=2))
    weights: dict[str, np.ndarray] = {
        'a.weights': np.ones((3, 4), np.int8),
        'head.weights': np.ones((2, 3), np.int8),
        'head.bias': np.zeros(2, np.int32),
        'head.scale': np.ones((), np.float32),
    }
    model = Model(Network('flat', (2, 2, 1), layers, ('a', 'b')), Weights(weights))
    with pytest.raises(UsageError, match='no layers of bits'):
        with_projection(model, taps, np.zeros((200, 2, 2, 1), np.uint8))
