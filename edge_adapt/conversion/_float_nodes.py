"""Float layers as ONNX operations; images are (n, channels, height, width)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edge_adapt.errors import UsageError
from edge_adapt.graphs import Attribute
from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Relu,
    Scale,
    Sign,
    SlidingMax,
)
from edge_adapt.networks.layers import Layer, Quantize
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
import numpy as np
from numpy.typing import ArrayLike


class Writer(Protocol):
    """What writes operations and constants."""

    network: Network
    weights: Weights
    reach: dict[str, int]

    def add(self, operator: str, output: str, *inputs: str, **attributes: Attribute) -> str: ...
    def constant(self, name: str, value: ArrayLike) -> str: ...


def append(to: Writer, layer: Layer, inputs: Sequence[str]) -> int:
    """Write one layer; return the largest magnitude of its integers, 0 for floats."""
    name, x = layer.name, inputs[0]
    match layer:
        case Scale():
            slopes, intercepts = (_per_channel(to, layer, key) for key in ('slopes', 'intercepts'))
            to.add('Add', name, to.add('Mul', f'{name}/scaled', x, slopes), intercepts)
        case Relu():
            to.add('Relu', name, x)
            return to.reach[to.network.sources[name][0]]
        case Sign():
            above = to.add('GreaterOrEqual', f'{name}/above', x, to.constant(f'{name}/zero', 0))
            plus, minus = to.constant(f'{name}/plus', 1), to.constant(f'{name}/minus', -1)
            to.add('Where', name, above, plus, minus)
            return 1
        case FloatConvolution() | DepthwiseConvolution() | SlidingMax():
            _window(to, layer, x)
        case GlobalMean():
            to.add('Flatten', name, to.add('GlobalAveragePool', f'{name}/mean', x), axis=1)
        case Quantize():
            _quantize(to, layer, x)
            return 127
        case _:
            raise UsageError(f'{type(layer).__name__} {name!r} has no ONNX graph')
    return 0


def _per_channel(to: Writer, layer: Layer, key: str) -> str:
    values = to.weights[f'{layer.name}.{key}']
    is_image = len(to.network.shapes[layer.name]) == 3
    shape = (-1, 1, 1) if is_image else (-1,)
    return to.constant(f'{layer.name}/{key}', values.reshape(shape))


def _quantize(to: Writer, layer: Quantize, x: str) -> None:
    name = layer.name
    centred = to.add('Sub', f'{name}/centred', x, _per_channel(to, layer, 'offsets'))
    steps = to.add('Div', f'{name}/in_steps', centred, _per_channel(to, layer, 'steps'))
    low, high = to.constant(f'{name}/low', -127), to.constant(f'{name}/high', 127)
    to.add('Clip', name, to.add('Round', f'{name}/rounded', steps), low, high)


def _window(
    to: Writer, layer: FloatConvolution | DepthwiseConvolution | SlidingMax, x: str
) -> None:
    name, strides = layer.name, (layer.stride, layer.stride)
    before, after = layer.padding, layer.padding + layer.extra_padding
    pads = (before, before, after, after)
    if isinstance(layer, SlidingMax):
        sides = (layer.size, layer.size)
        to.add('MaxPool', name, x, kernel_shape=sides, strides=strides, pads=pads)
        return
    weights, group = to.weights[f'{name}.weights'], 1
    if isinstance(layer, DepthwiseConvolution):
        weights, group = weights[np.newaxis].transpose(3, 1, 2, 0), layer.n
    kernel = to.constant(f'{name}/kernel', weights.transpose(0, 3, 1, 2))
    bias = to.constant(f'{name}/bias', to.weights[f'{name}.bias'])
    to.add('Conv', name, x, kernel, bias, strides=strides, pads=pads, group=group)
