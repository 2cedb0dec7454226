"""Folding keeps every bit of batch normalization and sign, whatever the sign of gamma."""

from edge_adapt.networks.layers import Convolution, Dense, MaxPool
import numpy as np
import pytest

from training.fold import fold, network_of
from training.recipe import LayerRecipe, Recipe

EPSILON = np.array(1e-3)


@pytest.mark.parametrize('seed', range(8))
def test_a_threshold_gives_the_sign_of_batch_normalization_at_every_sum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, reach = 64, 300
    gamma = rng.normal(size=n) * rng.choice([-1, 1], n)
    beta, mean, variance = rng.normal(size=n), rng.normal(0, 50, n), rng.uniform(1, 900, n)
    sums = np.arange(-reach, reach + 1)[:, np.newaxis]

    thresholds, flips = fold(gamma, beta, mean, variance, EPSILON, 1.0, np.full(n, reach))

    normalized = gamma * (sums - mean) / np.sqrt(variance + EPSILON) + beta
    np.testing.assert_array_equal((sums >= thresholds) ^ (flips != 0), normalized >= 0)
    assert flips.sum() == (gamma < 0).sum() > 0


def test_sign_of_zero_is_plus_one_on_both_sides_of_a_flip() -> None:
    gamma, zero, one = np.array([1.0, -1.0]), np.zeros(2), np.full(2, 1 - 1e-3)
    thresholds, flips = fold(gamma, zero, zero, one, EPSILON, 1.0, np.full(2, 9))
    np.testing.assert_array_equal((np.zeros(2) >= thresholds) ^ (flips != 0), [True, True])


def test_a_dead_channel_keeps_the_sign_of_its_beta() -> None:
    beta = np.array([0.5, 0.0, -0.5])
    thresholds, flips = fold(
        np.zeros(3), beta, np.ones(3), np.ones(3), EPSILON, 1.0, np.full(3, 9)
    )
    sums = np.arange(-9, 10)[:, np.newaxis]
    bits = (sums >= thresholds) ^ (flips != 0)
    assert bits.all(axis=0).tolist() == [True, True, False]
    assert not bits[:, 2].any()


def test_a_step_scales_the_sums_before_the_threshold() -> None:
    step = np.array([0.25, 2.0])
    thresholds, _ = fold(
        np.ones(2), np.zeros(2), np.array([3.0, 3.0]), np.ones(2), EPSILON, step, np.full(2, 99)
    )
    assert thresholds.tolist() == [12, 2]  # ceil(3 / 0.25), ceil(3 / 2)


def test_a_recipe_becomes_layers_whose_shapes_fit() -> None:
    layers = (
        LayerRecipe('convolution', 64, True),
        LayerRecipe('convolution', 32, False),
        LayerRecipe('dense', 128, False),
    )
    network = network_of(Recipe('toy', 'digits', (9, 9, 3), layers, 1, 1), ('a', 'b'))
    kinds = [type(layer) for layer in network.layers]
    assert kinds[:2] == [Convolution, MaxPool]
    assert Dense in kinds
    assert network.head.n_in == 128
    assert network.shapes['pool1'] == (4, 4, 64)
