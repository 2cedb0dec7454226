"""The networks that the engine is measured on, and what there is to count in them."""

from __future__ import annotations

from edge_adapt.engines.popcount import NativeInfer, Popcount
from edge_adapt.networks.layers import Convolution, Dense, Head, Layer, MaxPool, Threshold
from edge_adapt.networks.model import expected_tensors
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
import numpy as np

CLASSES = tuple('0123456789')
VGG = (('conv', 64), ('conv', 64), ('conv', 64), ('pool', 2), ('conv', 128), ('conv', 128))
VGG = (*VGG, ('pool', 2), ('conv', 256), ('conv', 256), ('pool', 2), ('dense', 256), ('dense', 10))
MLP = (('dense', 256), ('dense', 256), ('dense', 10))


def binary_network(name: str, input_shape: tuple[int, int, int], layers: tuple) -> Network:
    """Return the binary network of the same shapes: sums, pool, threshold; the last is a head."""
    records: list[Layer] = []
    shape: tuple[int, ...] = input_shape
    for index, (kind, n_out) in enumerate(layers[:-1]):
        if kind == 'pool':
            records.insert(-1, MaxPool(name=f'pool{index}'))
        else:
            n_in = shape[2] if kind == 'conv' else int(np.prod(shape))
            record = Convolution if kind == 'conv' else Dense
            records.append(record(name=f'layer{index}', n_in=n_in, n_out=n_out))
            records.append(Threshold(name=f'bits{index}', n=n_out))
        shape = Network(name, input_shape, tuple(records), ()).shapes[records[-1].name]
    head = Head(name='head', n_in=int(np.prod(shape)), n_classes=layers[-1][1])
    return Network(name, input_shape, (*records, head), CLASSES)


def random_weights(network: Network) -> Weights:
    rng = np.random.default_rng(0)
    arrays = {}
    for name, (dtype, shape) in expected_tensors(network).items():
        layer = network.layer(name.partition('.')[0])
        if name.endswith('.flips'):
            arrays[name] = rng.integers(0, 2, shape).astype(dtype)
        elif name.endswith('.weights') and network.kinds[network.sources[layer.name][0]] == 'bits':
            signs = not isinstance(layer, Head)
            values = rng.choice([-1, 1], shape) if signs else rng.integers(-127, 128, shape)
            arrays[name] = values.astype(dtype)
        else:
            arrays[name] = rng.integers(-100, 101, shape).astype(dtype)
    return Weights(arrays)


def prepared(network: Network) -> NativeInfer:
    infer = Popcount().prepare(network, random_weights(network))
    if not isinstance(infer, NativeInfer):
        raise SystemExit('the native kernels are not built: nothing to measure')
    return infer


def one_bit_bytes(network: Network) -> float:
    """Bytes of the weights with one bit each, first layer and head with eight."""
    total = 0.0
    for name, (_, shape) in expected_tensors(network).items():
        layer = network.layer(name.partition('.')[0])
        if name.endswith('.weights'):
            on_bits = network.kinds[network.sources[layer.name][0]] == 'bits'
            total += np.prod(shape) / (8 if on_bits and not isinstance(layer, Head) else 1)
    return total


def multiply_adds(network: Network, layer: Layer) -> int:
    if isinstance(layer, Convolution):
        height, width, n_out = network.shapes[layer.name]
        return int(height * width * n_out * layer.kernel**2 * layer.n_in)
    assert isinstance(layer, Dense | Head)
    return layer.n_in * network.shapes[layer.name][0]
