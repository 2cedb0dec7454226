"""Networks with random weights, for the claims every engine must keep."""

from collections.abc import Callable
from types import ModuleType

from edge_adapt import native
from edge_adapt.networks.layers import Convolution, Dense, Shape
from edge_adapt.networks.model import expected_tensors
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Weights
import numpy as np
import pytest


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
