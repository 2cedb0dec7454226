"""
What one image costs a network: operations, memory accesses, storage; a proxy of its energy.

They are counted from the layer records: each layer reads its tensors and its sources once and
writes its value once. What a cache or a fused kernel saves is not taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

from edge_adapt.networks.float_layers import DepthwiseConvolution, FloatConvolution
from edge_adapt.networks.layers import Convolution, Dense, Head, Layer
from edge_adapt.networks.model import expected_tensors, Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array
import numpy as np

_BITS = {'pixels': 8, 'bits': 1, 'sums': 32, 'logits': 32, 'floats': 32, 'levels': 8}


@dataclass(frozen=True, slots=True)
class Cost:
    """
    Of one image: multiply-adds on signs and on 8-bit weights, bytes read and written.

    `storage_bytes` are the packed tensors of the network. The inside of a backbone, somebody
    else's graph, is not known: it counts for nothing but its storage.
    """

    binary_operations: int
    int8_operations: int
    bytes_read: int
    bytes_written: int
    storage_bytes: int


def cost_of(model: Model) -> Cost:
    """Return what one image costs."""
    network = model.network
    operations = {True: 0, False: 0}
    n_read, n_written = 0, 0
    for layer in network.layers:
        weights = model.weights.get(f'{layer.name}.weights')
        is_binary = weights is not None and n_bits(weights) == 1
        operations[is_binary] += n_multiply_adds(layer, network)
        n_read += sum(_value_bytes(network, source) for source in network.sources[layer.name])
        n_written += _value_bytes(network, layer.name)
    storage = sum(packed_bytes(model.weights[name]) for name in expected_tensors(network))
    return Cost(operations[True], operations[False], n_read + storage, n_written, storage)


def n_bits(weights: Array) -> int:
    """Return 1 for weights that are all +-1, else the bits of their type."""
    return 1 if weights.dtype == np.int8 and (np.abs(weights) == 1).all() else weights.itemsize * 8


def packed_bytes(array: Array) -> int:
    """Return the bytes an array takes with its signs packed."""
    return -(-array.size * n_bits(array) // 8) if array.size else 0


def n_multiply_adds(layer: Layer, network: Network) -> int:
    """Return the products a layer sums for one image; 0 for a backbone, which says nothing."""
    match layer:
        case Convolution() | FloatConvolution():
            return math.prod(network.shapes[layer.name]) * layer.kernel**2 * layer.n_in
        case DepthwiseConvolution():
            return math.prod(network.shapes[layer.name]) * layer.kernel**2
        case Dense():
            return layer.n_in * layer.n_out
        case Head():
            return layer.n_in * layer.n_classes
    return 0


def _value_bytes(network: Network, name: str) -> int:
    """Return the bytes of a value, its bits packed."""
    return -(-math.prod(network.shapes[name]) * _BITS[network.kinds[name]] // 8)
