"""Writes records as .onnx bytes; field numbers are those of onnx.proto3 (IR version 8)."""

from __future__ import annotations

from edge_adapt.graphs import Attribute, Graph, Node, Value
from edge_adapt.graphs.protobuf import encode
from edge_adapt.graphs.reader import DTYPES
from edge_adapt.records import Array
import numpy as np

_IR_VERSION = 8
_TYPE_NUMBERS = {name: number for number, name in DTYPES.items()}


def write(graph: Graph) -> bytes:
    """Return the bytes of an ONNX model. Equal graphs give equal bytes."""
    body = b''.join(
        [
            *(encode(1, _node(node)) for node in graph.nodes),
            encode(2, 'graph'),
            *(encode(5, _tensor(name, array)) for name, array in graph.constants.items()),
            *(encode(11, _value(value)) for value in graph.inputs),
            *(encode(12, _value(value)) for value in graph.outputs),
        ]
    )
    domains = {'': graph.opset} | {node.domain: 1 for node in graph.nodes if node.domain}
    return b''.join(
        [
            encode(1, _IR_VERSION),
            encode(2, 'edge_adapt'),
            encode(7, body),
            *(
                encode(8, encode(1, name) + encode(2, version))
                for name, version in domains.items()
            ),
            *(
                encode(14, encode(1, key) + encode(2, text))
                for key, text in graph.metadata.items()
            ),
        ]
    )


def _node(node: Node) -> bytes:
    return b''.join(
        [
            *(encode(1, name) for name in node.inputs),
            *(encode(2, name) for name in node.outputs),
            encode(3, node.name),
            encode(4, node.operator),
            *(encode(5, _attribute(name, value)) for name, value in node.attributes.items()),
            encode(7, node.domain),
        ]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    match value:
        case int():
            body, kind = encode(3, value), 2
        case float():
            body, kind = encode(2, value), 1
        case str():
            body, kind = encode(4, value), 3
        case np.ndarray():
            body, kind = encode(5, _tensor('', value)), 4
        case tuple() if all(isinstance(x, int) for x in value):
            body, kind = b''.join(encode(8, x) for x in value), 7
        case tuple() if all(isinstance(x, float) for x in value):
            body, kind = b''.join(encode(7, x) for x in value), 6
        case _:
            body, kind = b''.join(encode(9, x) for x in value), 8
    return encode(1, name) + body + encode(20, kind)


def _tensor(name: str, array: Array) -> bytes:
    little_endian = np.ascontiguousarray(array).astype(array.dtype.newbyteorder('<'), copy=False)
    return b''.join(
        [
            *(encode(1, size) for size in array.shape),
            encode(2, _TYPE_NUMBERS[array.dtype.name]),
            encode(8, name),
            encode(9, little_endian.tobytes()),
        ]
    )


def _value(value: Value) -> bytes:
    sizes = [encode(1, encode(1, x) if x is not None else encode(2, 'n')) for x in value.shape]
    tensor = encode(1, _TYPE_NUMBERS[value.dtype]) + encode(2, b''.join(sizes))
    return encode(1, value.name) + encode(2, encode(1, tensor))
