"""What has no weights in a graph: normalization, signs, pooling, and the moving of axes."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt.conversion import _floats
from edge_adapt.conversion._packing import Line, node_ints, Packer, sides_of
from edge_adapt.conversion.integers import thresholds_at
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Node
from edge_adapt.networks.float_layers import Sign
from edge_adapt.networks.layers import Add, MaxPool, Threshold
from edge_adapt.records import F64
import numpy as np

_TURNED: dict[tuple[str, tuple[int, ...]], str] = {
    ('NCHW', (0, 2, 3, 1)): 'NHWC',
    ('NHWC', (0, 3, 1, 2)): 'NCHW',
}
_FLAT = {'NCHW': 'CHW', 'NHWC': 'HWC'}  # orders of an image flattened to one axis


def _moved(packer: Packer, node: Node, slope: F64, intercept: F64, x: Line) -> Line:
    """Return slope * x + intercept; on logits this changes the head."""
    if x.kind == 'logits' and packer.head:
        weights, bias = packer.head
        packer.head = weights * np.reshape(slope, (-1, 1)), bias * slope + intercept
        return x
    if x.kind == 'sign':
        size = intercept if np.all(slope == 1) else np.zeros(1)
        if size.size != 1 or not 0 < size[0] < 1:
            raise UsageError(f'{node.title} after a Sign does not decide the sign of 0')
        return replace(x, kind='nudged')
    return replace(x, slope=x.slope * slope, intercept=x.intercept * slope + intercept)


def normalization(packer: Packer, node: Node) -> Line:
    x = packer.line(node)
    gamma, beta, mean, variance = (
        packer.constant(node, position).astype(np.float64) for position in range(1, 5)
    )
    epsilon = node.attributes.get('epsilon', 1e-5)
    assert isinstance(epsilon, float)
    slope = gamma / np.sqrt(variance + epsilon)
    return _moved(packer, node, slope, beta - mean * slope, x)


def arithmetic(packer: Packer, node: Node) -> Line:
    """Add, Sub, Mul, Div of a constant; Add of two values of one slope: a shortcut."""
    first = node.inputs[0] in packer.constants
    if not first and node.inputs[1] not in packer.constants:
        return _shortcut(packer, node)
    x = packer.line(node, int(first))
    value = packer.per_channel(node, int(not first), x)
    one, zero = np.ones(1), np.zeros(1)
    if node.operator in ('Sub', 'Div') and first:
        if node.operator == 'Div':
            raise UsageError(f'{node.title} divides a constant by a value: cannot be packed')
        return _moved(packer, node, -one, value, x)
    slope, intercept = {
        'Add': (one, value),
        'Sub': (one, -value),
        'Mul': (value, zero),
        'Div': (1 / np.where(value == 0, np.nan, value), zero),
    }[node.operator]
    return _moved(packer, node, slope, intercept, x)


def _shortcut(packer: Packer, node: Node) -> Line:
    """Add integers of one slope; floats where there is no such."""
    x, y = packer.line(node, 0), packer.line(node, 1)
    if node.operator != 'Add' or x.shape != y.shape or x.order != y.order:
        raise UsageError(f'{node.title} joins two values in a way that cannot be packed')
    slopes = np.concatenate([x.slope, y.slope])
    if {x.kind, y.kind} - {'bits', 'sums'} or not np.allclose(slopes, slopes[0], rtol=1e-6):
        return _floats.add(packer, node, x, y)
    layer = Add(name=packer.name('add'), sources=(x.layer, y.layer))
    packer.keep(layer)
    reach = x.reach + y.reach
    line = replace(x, layer=layer.name, kind='sums', reach=reach)
    return replace(line, intercept=x.intercept + y.intercept)


def sign(packer: Packer, node: Node) -> Line:
    """Sign of a line: bits. A plain Sign is 0 at 0, so larq adds a little and signs again."""
    x = packer.line(node)
    if x.kind == 'nudged':
        return replace(x, kind='bits')
    kind, size = 'sign', np.ones(1)
    if node.operator == 'BipolarQuant':
        kind, size = 'bits', packer.per_channel(node, 1, x)
    if x.kind == 'floats':
        x = _floats.plain(packer, node, x)
        packer.keep(Sign(name=packer.name('sign'), sources=(x.layer,)))
        return Line(packer.layers[-1].name, kind, x.shape, x.order, slope=size)
    if x.kind != 'sums':
        raise UsageError(f'{node.title} of {x.kind} cannot be packed')
    n = x.shape[-1]
    slope, intercept = (np.broadcast_to(v, (n,)) for v in (x.slope, x.intercept))
    always = np.where(intercept >= 0, -np.inf, np.inf)
    root = np.where(slope == 0, always, -intercept / np.where(slope == 0, 1, slope))
    thresholds, flips = thresholds_at(root, slope < 0, np.broadcast_to(x.reach, (n,)))
    layer = Threshold(name=packer.name('threshold'), sources=(x.layer,), n=n)
    packer.keep(layer, thresholds=thresholds, flips=flips)
    return Line(layer.name, kind, x.shape, x.order, slope=size)


def pool(packer: Packer, node: Node) -> Line:
    x, kernel = packer.line(node), node_ints(node, 'kernel_shape', ())
    square = kernel == node_ints(node, 'strides', (1, 1)) and len(set(kernel)) == 1
    is_padded = any(node_ints(node, 'pads', (0,))) or 'SAME' in str(
        node.attributes.get('auto_pad')
    )
    if x.kind == 'floats' or not square or is_padded or node.attributes.get('ceil_mode', 0):
        return _floats.sliding_max(packer, node)
    if x.order != 'NCHW' or (x.slope < 0).any():
        raise UsageError(f'{node.title} pools what a negative scale has turned over')
    layer = MaxPool(name=packer.name('pool'), sources=(x.layer,), size=kernel[0])
    packer.keep(layer)
    height, width, channels = x.shape
    return replace(x, layer=layer.name, shape=(height // kernel[0], width // kernel[0], channels))


def pad(packer: Packer, node: Node) -> Line:
    x = packer.line(node)
    value = float(packer.constant(node, 2).item()) if len(node.inputs) > 2 else 0.0
    margins = packer.constant(node, 1).reshape(2, -1)
    spatial = margins[:, 2:] if x.order == 'NCHW' else margins[:, 1:3]
    if margins.sum() != spatial.sum():
        raise UsageError(f'{node.title} pads channels: cannot be packed')
    if x.kind == 'bits' and value not in (x.slope[0], -x.slope[0], 0):
        raise UsageError(f'{node.title} pads bits with {value}, which is neither +1, -1 nor 0')
    if x.kind != 'bits':
        x = _floats.plain(packer, node, x)
        if value:
            raise UsageError(f'{node.title} pads floats with {value}: only 0 can be packed')
    before, extra = sides_of(node, tuple(int(side) for side in spatial.flat))
    return replace(x, padding=before, extra=extra, border=int(np.sign(value)))


def transpose(packer: Packer, node: Node) -> Line:
    x, perm = packer.line(node), node_ints(node, 'perm', ())
    if (x.order, perm) not in _TURNED:
        raise UsageError(f'{node.title} by {perm} is no change between NCHW and NHWC')
    return replace(x, order=_TURNED[x.order, perm])


def reshape(packer: Packer, node: Node) -> Line:
    """Flatten an image, or move the axis of its only channel."""
    x = packer.line(node)
    if len(x.shape) == 1:
        return x
    target: tuple[int, ...] = (0, -1)
    if node.operator == 'Reshape':
        target = tuple(int(size) for size in packer.constant(node, 1))
    if len(target) == 2:
        return replace(x, order=_FLAT.get(x.order, x.order))
    height, width, channels = x.shape
    if channels == 1 and target[1:] == (1, height, width):
        return replace(x, order='NCHW')
    raise UsageError(f'{node.title} to {target} is no flattening: cannot be packed')


def same(packer: Packer, node: Node) -> Line:
    return packer.line(node)
