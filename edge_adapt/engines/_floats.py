"""
What the float layers mean, in NumPy: one product, one sum after the other.

A float32 sum depends on its order, so the order is part of the meaning: first the bias, then row,
column, channel of the window. Products are rounded before they are added (no fused multiply-add).
A kernel that keeps to this gives the same bits, on any CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product

from edge_adapt.errors import UsageError
from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Relu,
    Scale,
    Sign,
    SlidingMax,
)
from edge_adapt.networks.layers import Layer
from edge_adapt.records import Array, F32, Weights
import numpy as np

Windowed = FloatConvolution | DepthwiseConvolution | SlidingMax


def apply(layer: Layer, weights: Weights, x: Array) -> Array:
    """Return the value a float layer gives for the value it reads."""
    name = layer.name
    match layer:
        case Scale():
            return _floats(x) * weights[f'{name}.slopes'] + weights[f'{name}.intercepts']
        case Relu():
            return np.where(x > 0, x, x.dtype.type(0))
        case Sign():
            return np.where(x >= 0, np.int8(1), np.int8(-1))
        case FloatConvolution():
            return _convolve(layer, weights[f'{name}.weights'], weights[f'{name}.bias'], x)
        case DepthwiseConvolution():
            return _blur(layer, weights[f'{name}.weights'], weights[f'{name}.bias'], x)
        case SlidingMax(size=size):
            return reduce(_larger, windows(layer, size, x, -np.inf))
        case GlobalMean():
            pixels = _floats(x).reshape(len(x), -1, x.shape[-1])
            return reduce(np.add, np.moveaxis(pixels, 1, 0)) / np.float32(pixels.shape[1])
    raise UsageError(f'{layer.name!r} is an ONNX graph: only engine onnx_runtime runs it')


def windows(
    layer: FloatConvolution | DepthwiseConvolution | SlidingMax,
    kernel: int,
    x: Array,
    border: float,
) -> Iterator[F32]:
    """Yield what stands at each place of the window, row by row: (n, height, width, channels)."""
    before, after = layer.padding, layer.padding + layer.extra_padding
    margins = ((0, 0), (before, after), (before, after), (0, 0))
    padded = np.pad(_floats(x), margins, constant_values=border)
    height, width = ((side - kernel) // layer.stride + 1 for side in padded.shape[1:3])
    for row, column in product(range(kernel), repeat=2):
        rows = slice(row, row + (height - 1) * layer.stride + 1, layer.stride)
        columns = slice(column, column + (width - 1) * layer.stride + 1, layer.stride)
        yield padded[:, rows, columns]


def _convolve(layer: FloatConvolution, weights: Array, bias: Array, x: Array) -> Array:
    kernels = weights.reshape(layer.n_out, -1, layer.n_in)
    total = bias
    for place, part in enumerate(windows(layer, layer.kernel, x, 0)):
        for channel in range(layer.n_in):
            total = total + part[..., channel, np.newaxis] * kernels[:, place, channel]
    return total


def _blur(layer: DepthwiseConvolution, weights: Array, bias: Array, x: Array) -> Array:
    kernels = weights.reshape(-1, layer.n)
    parts = windows(layer, layer.kernel, x, 0)
    products = (part * factors for part, factors in zip(parts, kernels, strict=True))
    return reduce(np.add, products, bias)


def _larger(a: Array, b: Array) -> Array:
    return np.where(b > a, b, a)


def _floats(x: Array) -> F32:
    return x.astype(np.float32, copy=False)
