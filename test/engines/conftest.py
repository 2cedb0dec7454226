"""Networks with random weights, for the claims every engine must keep."""

from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from edge_adapt import native, registry
from edge_adapt.engines import Infer, Outcome, values_of
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.layers import Convolution, Dense, Head, Layer, Shape, Threshold
from edge_adapt.networks.model import expected_tensors
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8, Weights
import numpy as np
import pytest

# Engines that run files or simulators have suites of their own.
FAST = [name for name in registry.names('engines') if name not in ('reference', 'rtl_cosim')]


def _random_weights(network: Network, seed: int = 0) -> Weights:
    """Return weights whose thresholds lie where the sums lie, and flips on half the channels."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, (dtype, shape) in expected_tensors(network).items():
        layer = network.layer(name.partition('.')[0])
        source = network.sources[layer.name][0]
        if name.endswith('.weights') and isinstance(layer, Convolution | Dense):
            if network.kinds[source] == 'bits':
                arrays[name] = rng.choice(np.array([-1, 1], dtype), shape)
            else:
                arrays[name] = rng.integers(-127, 128, shape).astype(dtype)
        elif name.endswith('.flips'):
            arrays[name] = rng.integers(0, 2, shape).astype(dtype)
        elif name.endswith('.thresholds'):
            spread = 2000 if 'pixels' in network.kinds[source] else 12
            arrays[name] = rng.integers(-spread, spread + 1, shape).astype(dtype)
        elif dtype == np.float32:
            arrays[name] = _random_floats(name, shape, rng)
        else:
            arrays[name] = rng.integers(-127, 128, shape).astype(dtype)
    return Weights(arrays)


def _random_floats(name: str, shape: Shape, rng: np.random.Generator) -> Array:
    if name.endswith('.scale'):
        return np.full(shape, 0.05, np.float32)
    steps = name.endswith('.steps')
    values = rng.uniform(0.01, 0.2, shape) if steps else rng.normal(size=shape)
    return values.astype(np.float32)


@pytest.fixture(scope='session')
def random_weights() -> Callable[..., Weights]:
    """Give the function that makes random weights for a network."""
    return _random_weights


def _network_of(input_shape: Shape, layers: tuple[Layer, ...], n_classes: int) -> Network:
    """Close the layers with a head over whatever they give."""
    height, width, channels = input_shape
    shape = (height, width, channels)
    open_network = Network('test', shape, layers, ())
    n_in = int(np.prod(open_network.shapes[layers[-1].name]))
    head = Head(name='head', n_in=n_in, n_classes=n_classes)
    return Network('test', shape, (*layers, head), tuple('abcdefghij'[:n_classes]))


def _all_engines_agree(
    input_shape: Shape,
    *layers: Layer,
    n_classes: int = 5,
    seed: int = 0,
    weights: Weights | None = None,
    changes: Mapping[str, Array] = MappingProxyType({}),
) -> Weights:
    """Compare every fast engine, with every set of kernels this machine runs; return weights."""
    network = _network_of(input_shape, layers, n_classes)
    weights = (weights or _random_weights(network, seed)).replace(changes)
    images = np.random.default_rng(7).integers(0, 256, (3, *input_shape)).astype(np.uint8)
    taps = [layer.name for layer in network.layers]
    expected = Reference().prepare(network, weights)(images, taps)
    for name in FAST:
        for kernel in native.kernels() if name == 'popcount' else native.kernels()[:1]:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(native.VARIABLE, kernel)
                infer = registry.load('engines', name)().prepare(network, weights)
                _assert_outcome_equals(infer, images, expected, f'{name}, {kernel}')
    return weights


def _assert_outcome_equals(infer: Infer, images: U8, expected: Outcome, who: str) -> None:
    untapped = infer(images)
    np.testing.assert_array_equal(untapped.logits, expected.logits, err_msg=who)
    assert untapped.logits.dtype == np.int32
    taps = list(expected.taps)
    found = infer(images, taps)
    np.testing.assert_array_equal(found.logits, expected.logits, err_msg=who)
    for name in taps:
        np.testing.assert_array_equal(
            found.taps[name], expected.taps[name], err_msg=f'{who}, {name}'
        )
        assert found.taps[name].dtype == expected.taps[name].dtype, name
    one_tap = infer(images[:1], taps[1:2])
    np.testing.assert_array_equal(one_tap.taps[taps[1]], expected.taps[taps[1]][:1], who)
    for name in taps[::2]:
        alone = values_of(infer, images[:2], [name])[name]
        np.testing.assert_array_equal(alone, expected.taps[name][:2], f'{who}, {name} alone')


@pytest.fixture(scope='session')
def all_engines_agree() -> Callable[..., Weights]:
    """Give the function that compares all engines on layers with a head behind them."""
    return _all_engines_agree


@pytest.fixture(scope='session')
def first_layers() -> Callable[..., tuple[Layer, ...]]:
    """Give the function that returns layers from pixels to n_out bits."""

    def layers(n_channels: int, n_out: int, **fields: Any) -> tuple[Layer, ...]:
        return (
            Convolution(name='first', n_in=n_channels, n_out=n_out, **fields),
            Threshold(name='first_bits', n=n_out),
        )

    return layers


@pytest.fixture
def module() -> ModuleType:
    built = native.module()
    if built is None:
        pytest.skip('the native kernels are not built')
    return built


@pytest.fixture(params=[name for name in native.kernels() if name != native.NUMPY])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Force every set of native kernels, one after the other."""
    monkeypatch.setenv(native.VARIABLE, request.param)
    return str(request.param)
