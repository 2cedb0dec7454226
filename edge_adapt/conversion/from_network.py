"""
Layer records as an ONNX graph whose float32 arithmetic is exact on integers.

A float32 holds every integer up to 2**24, so sums below that are the reference's integers whatever
the order of summation. Float layers are summed in onnxruntime's order: close, not equal. Inside
the graph images are (n, channels, height, width).
"""

from __future__ import annotations

from collections.abc import Sequence

from edge_adapt.conversion import _float_nodes
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Attribute, Graph, Node, Value
from edge_adapt.networks.layers import (
    Add,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Projection,
    SumPool,
    Threshold,
)
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import Array, Weights
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

EXACT = 1 << 24


def graph_of(network: Network, weights: Weights, outputs: Sequence[str]) -> Graph:
    """
    Return a graph that reads `input` (n, height, width, channels) uint8 and gives `outputs`.

    Outputs are float32; the head's comes without its bias, which is int32. Raises UsageError for
    a layer that has no such graph, or whose integer sums may leave the exact range.
    """
    return _Writer(network, weights).graph(outputs)


class _Writer:
    """Collects nodes and constants, one layer after the other."""

    def __init__(self, network: Network, weights: Weights) -> None:
        self.network, self.weights = network, weights
        self.nodes: list[Node] = []
        self.constants: dict[str, Array] = {}
        self.reach = {INPUT: 255}  # value name -> the largest magnitude it can have
        self.names = {INPUT: 'pixels'}  # value name -> its name inside the graph

    def graph(self, outputs: Sequence[str]) -> Graph:
        self.add('Cast', 'pixels_nhwc', INPUT, to=1)
        self.add('Transpose', 'pixels', 'pixels_nhwc', perm=(0, 3, 1, 2))
        for layer in self.network.layers:
            sources = self.network.sources[layer.name]
            self.reach[layer.name] = self.append(layer, [self.names[name] for name in sources])
            self.names[layer.name] = layer.name
            self.check_exact(layer.name, self.reach[layer.name])
        shape = (None, *self.network.input_shape)
        values = (Value(name, 'float32', self.shape_of(name)) for name in outputs)
        inputs = (Value(INPUT, 'uint8', shape),)
        return Graph(tuple(self.nodes), self.constants, inputs, tuple(values))

    def check_exact(self, name: str, largest: int) -> None:
        """Raise UsageError where sums may leave the range in which float32 is exact."""
        if largest > EXACT:
            raise UsageError(
                f'sums of layer {name!r} may reach {largest}; float32 is exact to {EXACT}:'
                ' use engine popcount'
            )

    def shape_of(self, name: str) -> tuple[int | None, ...]:
        shape = self.network.shapes[name]
        return (None, shape[2], *shape[:2]) if len(shape) == 3 else (None, *shape)

    def add(self, operator: str, output: str, *inputs: str, **attributes: Attribute) -> str:
        self.nodes.append(Node(operator, inputs, (output,), attributes, name=output))
        return output

    def constant(self, name: str, value: ArrayLike, dtype: DTypeLike = np.float32) -> str:
        self.constants[name] = np.asarray(value, dtype)
        return name

    def append(self, layer: Layer, inputs: Sequence[str]) -> int:
        """Write one layer and return the largest magnitude its value can have."""
        source = self.network.sources[layer.name][0]
        match layer:
            case Convolution():
                return self.convolution(layer, self.centred(layer, inputs[0]), source)
            case Dense():
                return self.dense(layer, self.centred(layer, inputs[0]), source)
            case Head():
                return self.dense(layer, inputs[0], source)
            case MaxPool(name=name, size=size):
                sides = (size, size)
                self.add('MaxPool', name, inputs[0], kernel_shape=sides, strides=sides)
                return self.reach[source]
            case Add(name=name):
                self.add('Sum', name, *inputs)
                return sum(self.reach[x] for x in self.network.sources[name])
            case Threshold():
                return self.threshold(layer, inputs[0])
        return self.levels(layer, inputs)

    def levels(self, layer: Layer, inputs: Sequence[str]) -> int:
        """Write a layer of levels, or of floats; return the largest integer."""
        match layer:
            case SumPool():
                self.sum_pool(layer, inputs)
            case Projection():
                self.projection(layer, inputs)
            case _:
                return _float_nodes.append(self, layer, inputs)
        return 127

    def reads_pixels(self, layer: Layer) -> bool:
        return self.network.kinds[self.network.sources[layer.name][0]] == 'pixels'

    def centred(self, layer: Convolution | Dense, x: str) -> str:
        """Subtract the zero point from pixels; bits stay as they are."""
        if not self.reads_pixels(layer):
            return x
        zero = self.constant(f'{layer.name}/zero_point', layer.zero_point)
        return self.add('Sub', f'{layer.name}/centred', x, zero)

    def convolution(self, layer: Convolution, x: str, source: str) -> int:
        name, strides = layer.name, (layer.stride, layer.stride)
        before, after = layer.padding, layer.padding + layer.extra_padding
        weights = self.weights[f'{name}.weights']  # (n_out, kernel, kernel, n_in)
        if after and layer.border and not self.reads_pixels(layer):
            pads = [0, 0, before, before, 0, 0, after, after]
            margins = self.constant(f'{name}/pads', pads, np.int64)
            border = self.constant(f'{name}/border', layer.border)
            x = self.add('Pad', f'{name}/padded', x, margins, border)
            before = after = 0
        kernel = self.constant(f'{name}/kernel', weights.transpose(0, 3, 1, 2))
        self.add('Conv', name, x, kernel, strides=strides, pads=(before, before, after, after))
        return self.largest_sum(layer, weights, source)

    def dense(self, layer: Dense | Head, x: str, source: str) -> int:
        name = layer.name
        weights = self.weights[f'{name}.weights']  # inputs in the order height, width, channel
        x = self.flat(name, x, source)
        self.add('MatMul', name, x, self.constant(f'{name}/kernel', weights.T))
        return self.largest_sum(layer, weights, source)

    def flat(self, name: str, x: str, source: str) -> str:
        """Flatten an image in the order height, width, channel; a vector stays as it is."""
        if len(self.network.shapes[source]) != 3:
            return x
        x = self.add('Transpose', f'{name}/nhwc', x, perm=(0, 2, 3, 1))
        return self.add('Flatten', f'{name}/flat', x, axis=1)

    def sum_pool(self, layer: SumPool, inputs: Sequence[str]) -> None:
        (source,), (x,) = self.network.sources[layer.name], inputs
        name, size = layer.name, layer.size
        height, width, n_channels = self.network.shapes[source]
        margins = [0, 0, 0, 0, 0, 0, -height % size, -width % size]
        if any(margins):
            x = self.add(
                'Pad', f'{name}/padded', x, self.constant(f'{name}/pads', margins, np.int64)
            )
        ones = self.constant(f'{name}/ones', np.ones((n_channels, 1, size, size)))
        x = self.add('Conv', f'{name}/sums', x, ones, strides=(size, size), group=n_channels)
        self.check_exact(name, self.reach[source] * size**2)
        self.shifted(name, x, np.asarray(2.0**-layer.shift))

    def projection(self, layer: Projection, inputs: Sequence[str]) -> None:
        name, sources = layer.name, self.network.sources[layer.name]
        weights, offsets = self.weights[f'{name}.weights'], self.weights[f'{name}.offsets']
        parts = zip(inputs, sources, strict=True)
        flat = [self.flat(f'{name}/{source}', x, source) for x, source in parts]
        x = self.add('Concat', f'{name}/joined', *flat, axis=1)
        x = self.add('MatMul', f'{name}/products', x, self.constant(f'{name}/kernel', weights.T))
        x = self.add('Add', f'{name}/sums', x, self.constant(f'{name}/offsets', offsets))
        shifts = np.minimum(self.weights[f'{name}.shifts'], 31).astype(np.float32)
        self.shifted(name, x, 2**-shifts)
        widths = [int(np.prod(self.network.shapes[source])) for source in sources]
        largest = np.repeat([self.reach[source] for source in sources], widths)
        reached = np.abs(weights.astype(np.int64)) @ largest + np.abs(offsets.astype(np.int64))
        self.check_exact(name, int(reached.max()))

    def shifted(self, name: str, x: str, factor: Array) -> None:
        """Shift sums to the right, round down, and keep them within -127..127."""
        x = self.add('Mul', f'{name}/scaled', x, self.constant(f'{name}/factor', factor))
        x = self.add('Floor', f'{name}/floor', x)
        low, high = self.constant(f'{name}/low', -127), self.constant(f'{name}/high', 127)
        self.add('Clip', name, x, low, high)

    def largest_sum(self, layer: Layer, weights: Array, source: str) -> int:
        magnitude = self.reach[source]
        if isinstance(layer, Convolution | Dense) and self.reads_pixels(layer):
            magnitude = max(layer.zero_point, 255 - layer.zero_point)
        rows = np.abs(weights.astype(np.int64)).reshape(len(weights), -1)
        return magnitude * int(rows.sum(axis=1).max())

    def threshold(self, layer: Threshold, x: str) -> int:
        name, is_image = layer.name, len(self.network.shapes[layer.name]) == 3
        shape = (-1, 1, 1) if is_image else (-1,)
        thresholds = self.weights[f'{name}.thresholds'].reshape(shape)
        flips = self.weights[f'{name}.flips'].reshape(shape) != 0
        at = self.constant(f'{name}/at', thresholds)
        bits = self.add('GreaterOrEqual', f'{name}/above', x, at)
        if flips.any():
            constant = self.constant(f'{name}/flips', flips, np.bool_)
            bits = self.add('Xor', f'{name}/bits', bits, constant)
        plus, minus = self.constant(f'{name}/plus', 1), self.constant(f'{name}/minus', -1)
        self.add('Where', name, bits, plus, minus)
        return 1
