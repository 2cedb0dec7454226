"""What `edge-adapt model inspect` says: layers, bits, bytes, operations."""

from __future__ import annotations

from collections import Counter
import hashlib
from pathlib import Path

from edge_adapt.commands._table import grid
from edge_adapt.graphs import Graph
from edge_adapt.networks.costs import n_bits, n_multiply_adds, packed_bytes
from edge_adapt.networks.model import expected_tensors, Model

_HEADINGS = ('layer', 'kind', 'reads', 'gives', 'bits', 'bytes', 'operations')


def of_model(model: Model) -> str:
    """Return the layers of a model as a table, and where it is from."""
    network, tensors = model.network, expected_tensors(model.network)
    rows, n_bytes, operations = [], 0, Counter[str]()
    for layer in network.layers:
        held = {x: model.weights[x] for x in tensors if x.rpartition('.')[0] == layer.name}
        size = sum(map(packed_bytes, held.values()))
        weights = held.get(f'{layer.name}.weights')
        n_operations = n_multiply_adds(layer, network)
        kind = 'binary' if weights is not None and n_bits(weights) == 1 else 'other'
        operations[kind] += n_operations
        n_bytes += size
        rows.append(
            (
                layer.name,
                type(layer).__name__,
                '+'.join(network.sources[layer.name]),
                'x'.join(map(str, network.shapes[layer.name])),
                '-' if weights is None else str(n_bits(weights)),
                str(size),
                str(n_operations),
            )
        )
    total = operations.total()
    share = f', {100 * operations["binary"] / total:.1f} % of them binary' if total else ''
    lines = [
        f'{network.name}: {"x".join(map(str, network.input_shape))} pixels,'
        f' {len(network.class_names)} classes, weights {model.weights.version}',
        f'file digest (SHA-256): {model.digest}',
        '',
        grid(_HEADINGS, rows),
        '',
        f'{n_bytes} bytes, {total} multiply-adds an image{share}',
    ]
    known = {key: value for key, value in model.about.items() if key != 'recipe'}
    return '\n'.join([*lines, *(f'{key}: {value}' for key, value in sorted(known.items()))])


def of_graph(path: Path, data: bytes, graph: Graph) -> str:
    """Return the operations of an ONNX graph, its inputs and outputs, and its digest."""
    operators = Counter(node.operator for node in graph.nodes)
    sizes = Counter[str]()
    for array in graph.constants.values():
        sizes[array.dtype.name] += array.nbytes
    rows = [(name, str(count)) for name, count in operators.most_common()]
    values = [
        f'{kind} {value.name!r}: {value.dtype} ({", ".join(str(x or "n") for x in value.shape)})'
        for kind, group in (('input', graph.inputs), ('output', graph.outputs))
        for value in group
    ]
    constants = ', '.join(f'{size} bytes of {dtype}' for dtype, size in sizes.most_common())
    return '\n'.join(
        [
            f'{path}: ONNX, operator set {graph.opset}, {len(data)} bytes',
            f'file digest (SHA-256): {hashlib.sha256(data).hexdigest()}',
            *values,
            '',
            grid(('operation', 'count'), rows),
            '',
            f'constants: {constants or "none"}',
        ]
    )
