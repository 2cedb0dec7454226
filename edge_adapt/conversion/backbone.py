"""
Split somebody else's image classifier into a backbone and a head that can be adapted.

The last linear layer becomes an int8 head; what is before it stays an ONNX graph, with the
normalization of pixels put in front of it. Between them the features are rounded to 8 bits, each
over the range it has on clean images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_adapt.conversion.folding import Constants
from edge_adapt.conversion.rounding import feature_statistics, head_layers, head_tensors
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node, Value
from edge_adapt.networks.layers import Backbone
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, F32, F64, Weights
import numpy as np

# What may stand behind the last linear layer: none of it changes which class is first.
_TRANSPARENT = ('Softmax', 'LogSoftmax', 'Identity', 'QuantizeLinear', 'DequantizeLinear', 'Cast')
_PIXELS = 'edge_adapt_pixels'


@dataclass(frozen=True)
class Split:
    """A graph that gives float features, and the linear layer that was behind it."""

    graph: Graph
    weights: F64  # (n_classes, n_features)
    bias: F64  # (n_classes,)


def split(graph: Graph) -> Split:
    """Cut before the last linear layer. Raises UsageError naming the operation that is no such."""
    producers = {name: node for node in graph.nodes for name in node.outputs}
    constants = Constants(graph)
    bias: Array | float = 0.0
    node = _producer(producers, graph.outputs[0].name)
    while node.operator in _TRANSPARENT:
        node = _producer(producers, node.inputs[0])
    if node.operator == 'Add':
        held = [name for name in node.inputs if name in constants]
        others = [name for name in node.inputs if name not in constants]
        if len(held) != 1:
            raise UsageError(f'{node.title} is last and adds no constant: there is no head')
        bias, node = constants[held[0]], _producer(producers, others[0])
        while node.operator in _TRANSPARENT[3:]:
            node = _producer(producers, node.inputs[0])
    weights, more = _linear(node, constants)
    bias = np.broadcast_to(np.asarray(bias, np.float64).reshape(-1) + more, (len(weights),))
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise UsageError(f'the head {node.title} holds NaN or infinite weights')
    features = Value(node.inputs[0], 'float32', (None, weights.shape[1]))
    return Split(_pruned(replace(graph, outputs=(features,))), weights, bias)


def _producer(producers: dict[str, Node], name: str) -> Node:
    if name not in producers:
        raise UsageError(f'{name!r} comes from no operation: there is no linear layer to adapt')
    return producers[name]


def _linear(node: Node, constants: Constants) -> tuple[F64, F64]:
    """Return weights (n_classes, n_features) and bias of a MatMul or Gemm."""
    if node.operator not in ('Gemm', 'MatMul') or node.inputs[1] not in constants:
        raise UsageError(
            f'the last layer is {node.title}; only a Gemm or MatMul with constant weights can'
            ' become the head'
        )
    weights = constants[node.inputs[1]].astype(np.float64)
    if node.operator == 'MatMul':
        return weights.T, np.zeros(1)
    if node.attributes.get('transA', 0):
        raise UsageError(f'{node.title} transposes its features: it cannot become the head')
    weights = weights if node.attributes.get('transB', 0) else weights.T
    weights = weights * _number(node, 'alpha')
    if len(node.inputs) < 3:
        return weights, np.zeros(1)
    return weights, constants[node.inputs[2]].astype(np.float64).reshape(-1) * _number(
        node, 'beta'
    )


def _number(node: Node, name: str) -> float:
    value = node.attributes.get(name, 1.0)
    assert isinstance(value, int | float)
    return float(value)


def _pruned(graph: Graph) -> Graph:
    """Return the graph without what its outputs do not need."""
    needed = {value.name for value in graph.outputs}
    nodes: list[Node] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            nodes.insert(0, node)
            needed.update(node.inputs)
    constants = {name: array for name, array in graph.constants.items() if name in needed}
    return replace(graph, nodes=tuple(nodes), constants=constants)


def layout_of(graph: Graph) -> str:
    """Return 'NCHW' or 'NHWC', from the input's shape. Raises UsageError where it is not plain."""
    shape = image_input(graph).shape
    first, last = shape[1] in (1, 3), shape[3] in (1, 3)
    if first == last:
        raise UsageError(f'the layout of an input {shape} is not plain: give NCHW or NHWC')
    return 'NCHW' if first else 'NHWC'


def image_input(graph: Graph) -> Value:
    """Return the graph's only input; UsageError where it is no image of fixed size."""
    if len(graph.inputs) != 1 or len(graph.inputs[0].shape) != 4:
        found = [(value.name, value.shape) for value in graph.inputs]
        raise UsageError(f'an image classifier has one input of four axes, this one has {found}')
    value = graph.inputs[0]
    if None in value.shape[1:] or value.dtype not in ('float32', 'uint8'):
        raise UsageError(
            f'input {value.name!r} must be float32 or uint8 of fixed height, width and channels,'
            f' got {value.dtype} {value.shape}'
        )
    return value


def normalization_of(
    graph: Graph, mean: Sequence[float] | None, scale: Sequence[float] | None
) -> tuple[F32, F32]:
    """
    Return mean and scale, (1,) or (n_channels,): the network's input is (pixel - mean) * scale.

    What is not given is looked for in the file's metadata (`mean`, `scale`, numbers separated by
    spaces or commas); an input of type uint8 needs none. UsageError where nothing is found.
    """
    found: list[F32] = []
    for name, given in (('mean', mean), ('scale', scale)):
        text = graph.metadata.get(name, '').replace(',', ' ').split()
        if given is None and not text and image_input(graph).dtype == 'uint8':
            given = (0.0,) if name == 'mean' else (1.0,)
        if given is None and not text:
            raise UsageError(
                f'the file does not say the {name} of (pixel - mean) * scale: give it, for'
                ' example mean 0 and scale 0.00392157 for pixels of 0..1'
            )
        try:
            values = np.array(given if given is not None else text, np.float32)
        except ValueError as error:
            raise UsageError(f'{name} in the metadata is no number: {error}') from error
        if not np.isfinite(values).all() or len(values) not in (1, 3):
            raise UsageError(f'{name} must be one finite number or three, got {values}')
        found.append(values)
    return found[0], found[1]


def on_pixels(graph: Graph, layout: str, mean: F32, scale: F32) -> Graph:
    """Return the graph reading (n, height, width, channels) uint8, normalization included."""
    value = image_input(graph)
    n, *rest = value.shape
    shape = (n, *rest) if layout == 'NHWC' else (n, rest[1], rest[2], rest[0])
    constants = dict(graph.constants)
    constants |= {f'{_PIXELS}/mean': mean, f'{_PIXELS}/scale': scale}
    nodes = [
        Node('Cast', (_PIXELS,), (f'{_PIXELS}/float',), {'to': 1}),
        Node('Sub', (f'{_PIXELS}/float', f'{_PIXELS}/mean'), (f'{_PIXELS}/centred',)),
        Node('Mul', (f'{_PIXELS}/centred', f'{_PIXELS}/scale'), (f'{_PIXELS}/scaled',)),
    ]
    perm = (0, 1, 2, 3) if layout == 'NHWC' else (0, 3, 1, 2)
    nodes.append(Node('Transpose', (f'{_PIXELS}/scaled',), (f'{_PIXELS}/laid',), {'perm': perm}))
    to = 1 if value.dtype == 'float32' else 2
    nodes.append(Node('Cast', (f'{_PIXELS}/laid',), (value.name,), {'to': to}))
    return replace(
        graph,
        nodes=(*nodes, *graph.nodes),
        constants=constants,
        inputs=(Value(_PIXELS, 'uint8', shape),),
    )


def model_of(
    name: str, parts: Split, data: bytes, features: F32, class_names: tuple[str, ...]
) -> Model:
    """
    Return backbone, rounding and int8 head as a model.

    `data` is `parts.graph` as written to a file, `features` (n, n_features) what it gives on clean
    images; from them come the rounding and the statistics that recalibration returns to.
    """
    n_classes, n_features = parts.weights.shape
    if len(class_names) != n_classes:
        raise UsageError(f'the head has {n_classes} classes, {len(class_names)} names were given')
    (shape,) = (value.shape[1:] for value in parts.graph.inputs)
    network = Network(
        name,
        (int(shape[0] or 0), int(shape[1] or 0), int(shape[2] or 0)),
        (
            Backbone(name='backbone', n_out=n_features, n_bytes=len(data)),
            *head_layers(n_features, n_classes, 'backbone'),
        ),
        class_names,
    )
    tensors = head_tensors(parts.weights, parts.bias, features)
    weights = Weights({'backbone.graph': np.frombuffer(data, np.uint8), **tensors})
    return Model(network, weights, feature_statistics(features))
