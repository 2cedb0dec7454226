"""The constants of a graph: stored ones, and those that a few operations make of them."""

from __future__ import annotations

from collections.abc import Callable

from edge_adapt.graphs import Graph, Node
from edge_adapt.records import Array
import numpy as np


class Constants:
    """Maps a value's name to its array wherever the value does not depend on the input."""

    def __init__(self, graph: Graph) -> None:
        self._arrays = dict(graph.constants)
        for node in graph.nodes:
            held = [self._arrays.get(name) for name in node.inputs if name]
            arrays = [array for array in held if array is not None]
            if len(arrays) == len(held) and len(node.outputs) == 1:
                folded = _folded(node, arrays)
                if folded is not None:
                    self._arrays[node.outputs[0]] = folded

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]


def _folded(node: Node, x: list[Array]) -> Array | None:
    """Return what an operation makes of constants; None where it is not one of those known."""
    if node.operator == 'DequantizeLinear':
        return _dequantized(node, *x)
    if node.operator in ('Constant', 'Transpose'):
        value = node.attributes.get('value' if node.operator == 'Constant' else 'perm')
        if node.operator == 'Constant':
            return value if isinstance(value, np.ndarray) else None
        return np.transpose(x[0], np.asarray(value).tolist() if value else None)
    make = _SIMPLE.get(node.operator)
    return make(*x) if make else None


_SIMPLE: dict[str, Callable[..., Array]] = {
    'Identity': np.asarray,
    'Sign': np.sign,
    'Add': np.add,
    'Mul': np.multiply,
    # QONNX: the sign, with sign(0) = +1, times a scale
    'BipolarQuant': lambda x, scale: np.asarray(np.where(x >= 0, scale, -scale), np.float32),
}


def _dequantized(node: Node, x: Array, scale: Array, zero: Array | None = None) -> Array:
    """Return (x - zero) * scale, per tensor or along the axis."""
    axis = node.attributes.get('axis', 1)
    shape = [1] * x.ndim
    if scale.size > 1 and isinstance(axis, int):
        shape[axis] = -1
    lowest = 0 if zero is None else zero.astype(np.float32).reshape(shape)
    return np.asarray((x.astype(np.float32) - lowest) * scale.reshape(shape), np.float32)
