"""What every engine does with images, taps and weights that come from outside."""

from collections.abc import Callable

from edge_adapt import registry
from edge_adapt.engines import Engine
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Convolution, Head, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
import numpy as np
import pytest

MakeWeights = Callable[..., Weights]

# Engines that run files or simulators have suites of their own.
ENGINES = [name for name in registry.names('engines') if name != 'rtl_cosim']


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = registry.load('engines', request.param)()
    return made


def small_network() -> Network:
    layers = (
        Convolution(name='first', n_in=1, n_out=64),
        Threshold(name='first_bits', n=64),
        Head(name='head', n_in=36 * 64, n_classes=5),
    )
    return Network('test', (6, 6, 1), layers, tuple('abcde'))


@pytest.mark.parametrize(
    'images',
    [
        np.zeros((1, 6, 6, 1), np.float32),
        np.zeros((1, 6, 6, 1), np.int8),
        np.zeros((1, 6, 7, 1), np.uint8),
        np.zeros((6, 6, 1), np.uint8),
        np.zeros((1, 6, 6), np.uint8),
    ],
    ids=str,
)
def test_images_of_another_type_or_shape_are_refused_with_expected_and_got(
    engine: Engine, images: np.ndarray, random_weights: MakeWeights
) -> None:
    network = small_network()
    infer = engine.prepare(network, random_weights(network))
    with pytest.raises(ValueError, match=r'must be uint8 .* got'):
        infer(images)


def test_images_that_are_not_contiguous_are_read_right(
    engine: Engine, random_weights: MakeWeights
) -> None:
    network = small_network()
    infer = engine.prepare(network, random_weights(network))
    wide = np.random.default_rng(3).integers(0, 256, (4, 6, 12, 1)).astype(np.uint8)
    expected = infer(np.ascontiguousarray(wide[::2, :, ::2])).logits
    np.testing.assert_array_equal(infer(wide[::2, :, ::2]).logits, expected)


def test_an_empty_batch_gives_empty_logits(engine: Engine, random_weights: MakeWeights) -> None:
    network = small_network()
    infer = engine.prepare(network, random_weights(network))
    outcome = infer(np.zeros((0, 6, 6, 1), np.uint8), ['first_bits'])
    assert outcome.logits.shape == (0, 5)
    assert outcome.taps['first_bits'].shape == (0, 6, 6, 64)


def test_a_tap_that_is_no_layer_is_refused_by_name(
    engine: Engine, random_weights: MakeWeights
) -> None:
    network = small_network()
    infer = engine.prepare(network, random_weights(network))
    with pytest.raises(ValueError, match=r"'nothing'.*first_bits"):
        infer(np.zeros((1, 6, 6, 1), np.uint8), ['nothing'])


def test_weights_that_do_not_fit_are_refused_by_name(
    engine: Engine, random_weights: MakeWeights
) -> None:
    network = small_network()
    weights = random_weights(network)
    wrong = weights.replace({'first_bits.thresholds': np.zeros(63, np.int32)})
    with pytest.raises(UsageError, match=r'first_bits.thresholds.*\(64,\).*\(63,\)'):
        engine.prepare(network, wrong)


def test_a_runner_keeps_its_weights_when_others_are_prepared(
    engine: Engine, random_weights: MakeWeights
) -> None:
    network = small_network()
    first = engine.prepare(network, random_weights(network, 1))
    images = np.random.default_rng(5).integers(0, 256, (2, 6, 6, 1)).astype(np.uint8)
    before = first(images).logits
    second = engine.prepare(network, random_weights(network, 2))
    assert not np.array_equal(second(images).logits, before)
    np.testing.assert_array_equal(first(images).logits, before)
    assert first.weights.version == random_weights(network, 1).version
