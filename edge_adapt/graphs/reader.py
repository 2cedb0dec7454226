"""Reads .onnx bytes into records; field numbers are those of onnx.proto3 (IR version 4 to 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
import math
import struct

from edge_adapt.errors import UsageError
from edge_adapt.graphs import Attribute, Graph, Node, Value
from edge_adapt.graphs.protobuf import fields, integers, signed
from edge_adapt.records import Array
import numpy as np

DTYPES = {
    1: 'float32',
    2: 'uint8',
    3: 'int8',
    4: 'uint16',
    5: 'int16',
    6: 'int32',
    7: 'int64',
    9: 'bool',
    10: 'float16',
    11: 'float64',
    12: 'uint32',
    13: 'uint64',
}
_IN_INT32_DATA = ('int8', 'uint8', 'int16', 'uint16', 'int32', 'bool', 'float16')
_EXTERNAL = 1

Message = Mapping[int, list[int | memoryview]]


def read(data: bytes) -> Graph:
    """
    Return the graph in `data`.

    Raises UsageError where the bytes are no ONNX model, keep tensors in other files, or use what
    an image classifier has no need of (sparse tensors, functions, subgraphs).
    """
    try:
        model = _message(memoryview(data))
        if 7 not in model:
            raise UsageError('not an ONNX file: it holds no graph')
        graph = _message(_bytes(model[7][-1]))
        if graph[15] or model[25]:
            raise UsageError(
                'an ONNX file with sparse tensors or functions of its own is not read'
            )
        constants = dict(_tensor(_bytes(entry)) for entry in graph[5])
        values = [[_value(_bytes(entry)) for entry in graph[number]] for number in (11, 12)]
        return Graph(
            nodes=tuple(_node(_bytes(entry)) for entry in graph[1]),
            constants=constants,
            inputs=tuple(value for value in values[0] if value.name not in constants),
            outputs=tuple(values[1]),
            opset=_opset(model),
            metadata=dict(_pair(_bytes(entry)) for entry in model[14]),
        )
    except (UnicodeDecodeError, struct.error, IndexError) as error:
        raise UsageError(f'not an ONNX file: {error}') from error


def _message(data: memoryview) -> Message:
    found: defaultdict[int, list[int | memoryview]] = defaultdict(list)
    for number, value in fields(data):
        found[number].append(value)
    return found


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise UsageError('not an ONNX file: a number where a message should be')
    return value


def _text(values: list[int | memoryview]) -> str:
    return bytes(_bytes(values[-1])).decode() if values else ''


def _integer(values: list[int | memoryview], default: int = 0) -> int:
    if not values:
        return default
    if not isinstance(values[-1], int):
        raise UsageError('not an ONNX file: a message where a number should be')
    return signed(values[-1])


def _opset(model: Message) -> int:
    """Return the version of ONNX's own operators."""
    for entry in model[8]:
        opset = _message(_bytes(entry))
        if _text(opset[1]) in ('', 'ai.onnx'):
            return _integer(opset[2])
    raise UsageError('not an ONNX file: it names no operator set')


def _pair(data: memoryview) -> tuple[str, str]:
    entry = _message(data)
    return _text(entry[1]), _text(entry[2])


def _node(data: memoryview) -> Node:
    node = _message(data)
    return Node(
        operator=_text(node[4]),
        inputs=tuple(_text([entry]) for entry in node[1]),
        outputs=tuple(_text([entry]) for entry in node[2]),
        attributes=dict(_attribute(_bytes(entry)) for entry in node[5]),
        name=_text(node[3]),
        domain=_text(node[7]),
    )


def _attribute(data: memoryview) -> tuple[str, Attribute]:
    entry = _message(data)
    name = _text(entry[1])
    match _integer(entry[20]):
        case 1:
            return name, _floats(entry[2])[-1]
        case 2:
            return name, _integer(entry[3])
        case 3:
            return name, _text(entry[4])
        case 4:
            return name, _tensor(_bytes(entry[5][-1]))[1]
        case 6:
            return name, tuple(_floats(entry[7]))
        case 7:
            return name, tuple(i for value in entry[8] for i in integers(value))
        case 8:
            return name, tuple(_text([value]) for value in entry[9])
        case kind:
            raise UsageError(f'attribute {name!r} of an operation is of kind {kind}: not read')


def _floats(values: list[int | memoryview]) -> list[float]:
    """Return a repeated float field's values: one by one, or packed together."""
    data = b''.join(bytes(_bytes(value)) for value in values)
    return list(struct.unpack(f'<{len(data) // 4}f', data))


def _tensor(data: memoryview) -> tuple[str, Array]:
    entry = _message(data)
    name, dtype = _text(entry[8]), DTYPES.get(_integer(entry[2]))
    if entry[13] or _integer(entry[14]) == _EXTERNAL:
        raise UsageError(f'tensor {name!r} is in another file: external data are refused')
    if dtype is None:
        raise UsageError(f'tensor {name!r} has type number {_integer(entry[2])}: not read')
    shape = [i for value in entry[1] for i in integers(value)]
    flat = _flat(entry, dtype)
    if min(shape, default=0) < 0 or flat.size != math.prod(shape):
        raise UsageError(f'tensor {name!r} of shape {shape} holds {flat.size} values')
    return name, flat.reshape(shape)


def _flat(entry: Message, dtype: str) -> Array:
    """Return a tensor's values, from its raw bytes or from the typed field that holds them."""
    if entry[9]:
        data = bytes(_bytes(entry[9][-1]))
        if len(data) % np.dtype(dtype).itemsize:
            raise UsageError(f'a tensor of {dtype} has {len(data)} bytes')
        return np.frombuffer(data, np.dtype(dtype).newbyteorder('<'))
    if dtype == 'float32':
        return np.array(_floats(entry[4]), np.float32)
    if dtype == 'float64':
        return np.frombuffer(b''.join(bytes(_bytes(x)) for x in entry[10]), '<f8')
    number = 5 if dtype in _IN_INT32_DATA else 7 if dtype == 'int64' else 11
    values = np.array([i for value in entry[number] for i in integers(value)], np.int64)
    return values.astype(np.uint16).view(dtype) if dtype == 'float16' else values.astype(dtype)


def _value(data: memoryview) -> Value:
    entry = _message(data)
    name = _text(entry[1])
    kind = _message(_bytes(entry[2][-1])) if entry[2] else {}
    if 1 not in kind:
        raise UsageError(f'{name!r} is no tensor')
    tensor = _message(_bytes(kind[1][-1]))
    shape = _message(_bytes(tensor[2][-1])) if tensor[2] else defaultdict(list)
    sizes = [_message(_bytes(size)) for size in shape[1]]
    return Value(
        name,
        DTYPES.get(_integer(tensor[1]), f'type number {_integer(tensor[1])}'),
        tuple(_integer(size[1]) if size[1] else None for size in sizes),
    )
