"""The shape of the value that a layer gives."""

from __future__ import annotations

import math

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
from edge_adapt.networks.layers import (
    Add,
    Backbone,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Projection,
    Quantize,
    Shape,
    SumPool,
    Threshold,
)

Windowed = Convolution | FloatConvolution | DepthwiseConvolution | SlidingMax


def shape_after(layer: Layer, inputs: list[Shape]) -> Shape:
    """Return the shape a layer gives; UsageError where its inputs do not fit."""
    shape = inputs[0]
    match layer:
        case Convolution() | FloatConvolution() | DepthwiseConvolution() | SlidingMax():
            return _windowed(layer, shape)
        case MaxPool(size=size) | SumPool(size=size) if len(shape) == 3:
            hanging = size - 1 if isinstance(layer, SumPool) else 0
            return ((shape[0] + hanging) // size, (shape[1] + hanging) // size, shape[2])
        case Dense(n_in=n_in) | Projection(n_in=n_in) | Head(n_in=n_in) if (
            sum(map(math.prod, inputs)) == n_in
        ):
            return (layer.n_classes if isinstance(layer, Head) else layer.n_out,)
        case Threshold(n=n) | Quantize(n=n) | Scale(n=n) if shape[-1] == n:
            return shape
        case Backbone() | GlobalMean() if len(shape) == 3:
            return (layer.n_out,) if isinstance(layer, Backbone) else shape[2:]
        case Add() if len(inputs) > 1 and len(set(inputs)) == 1:
            return shape
        case Relu() | Sign():
            return shape
    raise UsageError(f'layer {layer.name!r} ({layer}) cannot read {inputs}')


def _windowed(layer: Windowed, shape: Shape) -> Shape:
    """Return the shape after a window of kernel x kernel went over the image."""
    kernel, n_in, n_out = _window(layer, shape[-1])
    if shape[2:] != (n_in,):
        raise UsageError(f'layer {layer.name!r} ({layer}) cannot read {shape}')
    more = 2 * layer.padding + layer.extra_padding - kernel
    height, width = ((side + more) // layer.stride + 1 for side in shape[:2])
    if min(height, width) < 1:
        raise UsageError(f'layer {layer.name!r} has a kernel larger than its input {shape}')
    return (height, width, n_out)


def _window(layer: Windowed, n_channels: int) -> tuple[int, int, int]:
    """Return kernel, channels read and channels given."""
    match layer:
        case SlidingMax(size=size):
            return size, n_channels, n_channels
        case DepthwiseConvolution(kernel=kernel, n=n):
            return kernel, n, n
    return layer.kernel, layer.n_in, layer.n_out
