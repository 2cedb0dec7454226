"""
Pack an ONNX graph of signs into layer records, as tf2onnx exports larq and QONNX writes it.

The graph is walked once. Every value in it is slope * integers + intercept per channel, where the
integers are pixels, bits, or sums of a layer record; batch normalization only changes the line,
and a sign turns it into thresholds. What is no such line is refused, by name and with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from edge_adapt.conversion import _floats, _linear, _lines
from edge_adapt.conversion._packing import Line, Packer
from edge_adapt.conversion.backbone import image_input
from edge_adapt.conversion.integers import head_of
from edge_adapt.conversion.rounding import feature_statistics, head_layers, head_tensors
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node
from edge_adapt.networks.layers import Head
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import F32, F64, Weights
import numpy as np

# What a layer of a model gives on clean images: (model, name of the layer) -> (n, n_features).
Features = Callable[[Model, str], F32]


def pack(
    name: str,
    graph: Graph,
    layout: str,
    mean: F32,
    scale: F32,
    class_names: Sequence[str] = (),
    features: Features | None = None,
    room: float = 1.0,
) -> Model:
    """
    Return the graph as a model of layer records; its input is (pixel - mean) * scale.

    Where the head reads floats, they are rounded over `room` times the range that `features` says
    they have. Raises UsageError naming the operation that cannot be packed, and why.
    """
    pixels = _pixels(graph, layout, mean, scale)
    packer = Packer(graph, pixels)
    for node in graph.nodes:
        if all(output in packer.constants for output in node.outputs):
            continue
        if node.operator not in _HANDLERS:
            reason = _REASONS.get(node.operator, f'known are {", ".join(sorted(_HANDLERS))}')
            raise UsageError(f'{node.title} cannot be packed; {reason}')
        packer.lines[node.outputs[0]] = _HANDLERS[node.operator](packer, node)
    last = packer.lines.get(graph.outputs[0].name)
    if last is None or last.kind != 'logits' or packer.head is None:
        raise UsageError('the graph does not end in a linear layer')
    n_classes = len(packer.head[1])
    names = tuple(class_names) or tuple(map(str, range(n_classes)))
    if len(names) != n_classes:
        raise UsageError(f'the graph has {n_classes} classes, {len(names)} names were given')
    height, width, channels = pixels.shape
    network = Network(name, (height, width, channels), tuple(packer.layers), names)
    if packer.head_reads != 'bits':
        return _with_float_head(network, packer, last.layer, packer.head, features, room)
    weights, bias, scale_of_head = head_of(*packer.head)
    head = Head(name='head', sources=(last.layer,), n_in=weights.shape[1], n_classes=n_classes)
    packer.keep(head, weights=weights, bias=bias, scale=scale_of_head)
    return Model(replace(network, layers=tuple(packer.layers)), Weights(packer.arrays))


def _with_float_head(
    body: Network,
    packer: Packer,
    source: str,
    head: tuple[F64, F64],
    features: Features | None,
    room: float,
) -> Model:
    """Round a float head over the range that the layer `source` has on clean images."""
    if features is None:
        raise UsageError('the head reads floats: to round them, their range must be known')
    n_classes, n_in = head[0].shape
    layers = (*body.layers, *head_layers(n_in, n_classes, source))
    network = replace(body, layers=layers)
    unrounded = head_tensors(*head, np.zeros((1, n_in), np.float32))
    clean = features(Model(network, Weights({**packer.arrays, **unrounded})), source)
    weights = Weights({**packer.arrays, **head_tensors(*head, clean, room)})
    return Model(network, weights, feature_statistics(clean))


def _pixels(graph: Graph, layout: str, mean: F32, scale: F32) -> Line:
    """Return the input as a line: scale * pixel - mean * scale."""
    sizes = [size or 0 for size in image_input(graph).shape[1:]]
    shape = (*sizes[1:], sizes[0]) if layout == 'NCHW' else tuple(sizes)
    slope = scale.astype(np.float64)
    return Line(INPUT, 'pixels', shape, layout, slope, -mean.astype(np.float64) * slope)


_HANDLERS: dict[str, Callable[[Packer, Node], Line]] = {
    'Add': _lines.arithmetic,
    'AveragePool': _floats.average_pool,
    'BatchNormalization': _lines.normalization,
    'BipolarQuant': _lines.sign,
    'Conv': _linear.convolution,
    'Div': _lines.arithmetic,
    'Flatten': _lines.reshape,
    'Gemm': _linear.dense,
    'GlobalAveragePool': _floats.global_mean,
    'Identity': _lines.same,
    'MatMul': _linear.dense,
    'MaxPool': _lines.pool,
    'Mul': _lines.arithmetic,
    'Pad': _lines.pad,
    'ReduceMean': _floats.global_mean,
    'Relu': _floats.relu,
    'Reshape': _lines.reshape,
    'Sign': _lines.sign,
    'Softmax': _lines.same,
    'Squeeze': _lines.same,
    'Sub': _lines.arithmetic,
    'Transpose': _lines.transpose,
}
_REASONS = {
    'Concat': (
        'no layer joins the channels of two others, as networks of the DenseNet kind do: engine'
        ' onnx_runtime runs such a file as it is'
    )
}
