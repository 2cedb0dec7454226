"""
Pack an ONNX graph of signs into layer records, as tf2onnx exports larq and QONNX writes it.

The graph is walked once. Every value in it is slope * integers + intercept per channel, where the
integers are pixels, bits, or sums of a layer record; batch normalization only changes the line,
and a sign turns it into thresholds. What is no such line is refused, by name and with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge_adapt.conversion import _linear, _lines
from edge_adapt.conversion._packing import Line, Packer
from edge_adapt.conversion.backbone import image_input
from edge_adapt.conversion.integers import head_of
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node
from edge_adapt.networks.layers import Head
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import F32, Weights
import numpy as np


def pack(
    name: str, graph: Graph, layout: str, mean: F32, scale: F32, class_names: Sequence[str] = ()
) -> Model:
    """
    Return the graph as a model of layer records; its input is (pixel - mean) * scale.

    Raises UsageError naming the operation that cannot be packed, and why.
    """
    pixels = _pixels(graph, layout, mean, scale)
    packer = Packer(graph, pixels)
    for node in graph.nodes:
        if all(output in packer.constants for output in node.outputs):
            continue
        if node.operator not in _HANDLERS:
            known = ', '.join(sorted(_HANDLERS))
            raise UsageError(f'{node.title} cannot be packed; known are {known}')
        packer.lines[node.outputs[0]] = _HANDLERS[node.operator](packer, node)
    last = packer.lines.get(graph.outputs[0].name)
    if last is None or last.kind != 'logits' or packer.head is None:
        raise UsageError('the graph does not end in a linear layer on bits')
    weights, bias, scale_of_head = head_of(*packer.head)
    n_classes, n_in = weights.shape
    names = tuple(class_names) or tuple(map(str, range(n_classes)))
    if len(names) != n_classes:
        raise UsageError(f'the graph has {n_classes} classes, {len(names)} names were given')
    head = Head(name='head', sources=(last.layer,), n_in=n_in, n_classes=n_classes)
    packer.keep(head, weights=weights, bias=bias, scale=scale_of_head)
    height, width, channels = pixels.shape
    network = Network(name, (height, width, channels), tuple(packer.layers), names)
    return Model(network, Weights(packer.arrays))


def _pixels(graph: Graph, layout: str, mean: F32, scale: F32) -> Line:
    """Return the input as a line: scale * pixel - mean * scale."""
    sizes = [size or 0 for size in image_input(graph).shape[1:]]
    shape = (*sizes[1:], sizes[0]) if layout == 'NCHW' else tuple(sizes)
    slope = scale.astype(np.float64)
    return Line(INPUT, 'pixels', shape, layout, slope, -mean.astype(np.float64) * slope)


_HANDLERS: dict[str, Callable[[Packer, Node], Line]] = {
    'Add': _lines.arithmetic,
    'BatchNormalization': _lines.normalization,
    'BipolarQuant': _lines.sign,
    'Conv': _linear.convolution,
    'Div': _lines.arithmetic,
    'Flatten': _lines.reshape,
    'Gemm': _linear.dense,
    'Identity': _lines.same,
    'MatMul': _linear.dense,
    'MaxPool': _lines.pool,
    'Mul': _lines.arithmetic,
    'Pad': _lines.pad,
    'Reshape': _lines.reshape,
    'Sign': _lines.sign,
    'Softmax': _lines.same,
    'Sub': _lines.arithmetic,
    'Transpose': _lines.transpose,
}
