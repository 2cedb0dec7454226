"""What the packing of a graph knows while it walks: lines, layers so far, the head."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_adapt.conversion.folding import Constants
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node
from edge_adapt.networks.layers import Layer
from edge_adapt.records import Array, F64
import numpy as np

_WITH_WEIGHTS = ('MatMul', 'Gemm', 'Conv')


@dataclass(frozen=True)
class Line:
    """
    slope * integers + intercept per channel: what a value of the graph is.

    `layer` names the integers; `kind` is pixels, bits, sums, or the half-way 'sign' and 'nudged'
    of Sign, Add, Sign (larq's sign, which is +1 at 0) or 'logits'; `order` is that of the axes.
    Of kind floats, `layer` names float32 values instead.
    """

    layer: str
    kind: str
    shape: tuple[int, ...]  # of the integers, channels last
    order: str
    slope: F64 = field(default_factory=lambda: np.ones(1))
    intercept: F64 = field(default_factory=lambda: np.zeros(1))
    reach: Array = field(default_factory=lambda: np.ones(1, np.int64))
    padding: int = 0  # of `border`, on each side; `extra` more below and right
    border: int = 1
    extra: int = 0


class Packer:
    """The state of one walk through a graph."""

    def __init__(self, graph: Graph, image: Line) -> None:
        self.constants = Constants(graph)
        self.lines = {graph.inputs[0].name: image}
        self.layers: list[Layer] = []
        self.arrays: dict[str, Array] = {}
        self.head: tuple[F64, F64] | None = None  # float weights (n_classes, n_in) and bias
        self.head_reads = 'bits'
        self.scales: dict[tuple[str, bytes, bytes], str] = {}  # layer, slopes, intercepts
        with_weights = [node for node in graph.nodes if node.operator in _WITH_WEIGHTS]
        self._last_outputs = with_weights[-1].outputs if with_weights else ()

    def is_last(self, node: Node) -> bool:
        """Tell whether no layer with weights follows: then it is the head."""
        return node.outputs == self._last_outputs

    def line(self, node: Node, position: int = 0) -> Line:
        """Return what an input of `node` is; UsageError where it is nothing that was packed."""
        name = node.inputs[position]
        if name not in self.lines:
            raise UsageError(f'{node.title} reads {name!r}, which is nothing that was packed')
        return self.lines[name]

    def constant(self, node: Node, position: int) -> Array:
        """Return a constant input of `node`; UsageError where it is computed."""
        if position >= len(node.inputs) or node.inputs[position] not in self.constants:
            raise UsageError(f'{node.title}: its input {position} is no constant')
        return self.constants[node.inputs[position]]

    def per_channel(self, node: Node, position: int, line: Line) -> F64:
        """Return a constant as (1,) or (n_channels,); UsageError where it is neither."""
        array = self.constant(node, position).astype(np.float64)
        axis = -3 if line.order == 'NCHW' else -1
        n = line.shape[-1]
        per_channel = array.ndim >= -axis and array.shape[axis] == n and array.size == n
        if array.size != 1 and not (per_channel and line.order != 'CHW'):
            raise UsageError(f'{node.title}: a constant of shape {array.shape} is not per channel')
        return array.reshape(-1)

    def need_bits(self, node: Node, x: Line) -> None:
        """Raise UsageError where a value is not bits times one positive number."""
        if x.kind != 'bits' or x.slope.size != 1 or x.slope[0] <= 0 or x.intercept.any():
            raise UsageError(f'{node.title} reads {x.kind} that no sign made into bits')

    def name(self, kind: str) -> str:
        """Return the name of the next layer of a kind: 'linear1', 'linear2', ..."""
        return f'{kind}{1 + sum(layer.name.startswith(kind) for layer in self.layers)}'

    def keep(self, layer: Layer, **tensors: Array) -> None:
        """Add a layer and its tensors."""
        self.layers.append(layer)
        self.arrays |= {f'{layer.name}.{key}': array for key, array in tensors.items()}


def node_ints(node: Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Return an attribute that is a list of integers."""
    value = node.attributes.get(name, default)
    return tuple(int(x) for x in value) if isinstance(value, tuple) else default


def node_padding(node: Node, kernel: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """
    Return how many places are padded on each side, and how many more below and right.

    Raises UsageError where the sides differ in another way.
    """
    (stride, *_), pads = node_ints(node, 'strides', (1, 1)), node_ints(node, 'pads', (0,) * 4)
    if node.attributes.get('auto_pad') == 'SAME_UPPER':
        totals = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in shape[:2]]
        pads = (*(total // 2 for total in totals), *(-(-total // 2) for total in totals))
    return sides_of(node, pads)


def sides_of(node: Node, pads: tuple[int, ...]) -> tuple[int, int]:
    """Return (on each side, more below and right) of (top, left, bottom, right)."""
    top, left, bottom, right = pads
    if top != left or bottom != right or bottom - top not in (0, 1):
        raise UsageError(f'{node.title} pads its sides differently, {pads}: cannot be packed')
    return top, bottom - top
