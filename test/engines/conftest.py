"""Networks with random weights, for the claims every engine must keep."""

from collections.abc import Callable

from edge_adapt.networks.layers import Convolution, Dense
from edge_adapt.networks.model import expected_tensors
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
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
        elif name.endswith('.scale'):
            arrays[name] = np.full(shape, 0.05, dtype)
        else:
            arrays[name] = rng.integers(-127, 128, shape).astype(dtype)
    return Weights(arrays)


@pytest.fixture(scope='session')
def random_weights() -> Callable[..., Weights]:
    """Give the function that makes random weights for a network."""
    return _random_weights
