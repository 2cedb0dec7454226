"""Which layers the native kernels have steps for."""

from __future__ import annotations

from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Relu,
    Scale,
    Sign,
    SlidingMax,
)
from edge_adapt.networks.layers import (
    Add,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Quantize,
    Threshold,
)
from edge_adapt.networks.network import Network

MAX_INPUTS = 32767  # the kernels count differing bits in 16 bits, signed


def is_native(network: Network) -> bool:
    """Return whether the native kernels have steps for all layers; else NumPy runs them."""
    return all(_is_native(network, layer) for layer in network.layers)


def _is_native(network: Network, layer: Layer) -> bool:
    sources = network.sources[layer.name]
    kinds = {network.kinds[source] for source in sources}
    if min(network.shapes[layer.name]) < 1:
        return False
    match layer:
        case Convolution(n_in=n_in, kernel=kernel, border=border, zero_point=zero_point):
            small = kernel * kernel * n_in <= MAX_INPUTS and kernel <= 15 and layer.stride <= 16
            legal = abs(border) <= 1 and 0 <= zero_point <= 255 and layer.padding <= 8
            return kinds <= {'pixels', 'bits'} and small and legal
        case Dense(n_in=n_in, zero_point=zero_point):
            return kinds <= {'pixels', 'bits'} and n_in <= MAX_INPUTS and 0 <= zero_point <= 255
        case Add():
            return kinds in ({'sums'}, {'floats'})
        case Threshold():
            return kinds == {'sums'}
        case MaxPool():
            return kinds <= {'sums', 'bits'}
        case Head(n_in=n_in):
            legal = kinds in ({'bits'}, {'levels'}) and n_in <= MAX_INPUTS
            return legal and layer is network.layers[-1]
    return _is_native_float(layer, kinds)


def _is_native_float(layer: Layer, kinds: set[str]) -> bool:
    match layer:
        case Scale():
            return kinds <= {'pixels', 'sums', 'floats'}
        case Relu():
            return kinds <= {'sums', 'floats'}
        case FloatConvolution() | DepthwiseConvolution() | SlidingMax():
            size = layer.size if isinstance(layer, SlidingMax) else layer.kernel
            n_in = layer.n_in if isinstance(layer, FloatConvolution) else 1
            small = size * size * n_in <= MAX_INPUTS and size <= 15 and layer.stride <= 16
            return kinds == {'floats'} and small and layer.padding <= 8
        case Sign() | GlobalMean() | Quantize():
            return kinds == {'floats'}
    return False
