"""What stays float in a graph: residual streams, stems on pixels, blur and average pooling."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt.conversion._packing import Line, node_ints, node_padding, Packer
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Node
from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Relu,
    Scale,
    SlidingMax,
)
from edge_adapt.networks.layers import Add
from edge_adapt.records import Array, F64
import numpy as np

_FLAT = {'NCHW': 'CHW', 'NHWC': 'HWC', 'flat': 'flat'}


def plain(packer: Packer, node: Node, x: Line) -> Line:
    """Return the line as float values of slope 1: a scale is written where it has another."""
    if x.kind not in ('pixels', 'bits', 'sums', 'floats'):
        raise UsageError(f'{node.title} of {x.kind} cannot be packed')
    if x.kind == 'floats' and (x.slope == 1).all() and not x.intercept.any():
        return x
    n = x.shape[-1]
    slopes, intercepts = (
        np.broadcast_to(values, (n,)).astype(np.float32) for values in (x.slope, x.intercept)
    )
    key = (x.layer, slopes.tobytes(), intercepts.tobytes())
    if key not in packer.scales:
        layer = Scale(name=packer.name('scale'), sources=(x.layer,), n=n)
        packer.keep(layer, slopes=slopes, intercepts=intercepts)
        packer.scales[key] = layer.name
    one, zero = np.ones(1), np.zeros(1)
    scaled = replace(x, layer=packer.scales[key], kind='floats', slope=one, intercept=zero)
    return replace(scaled, reach=np.ones(1, np.int64))


def relu(packer: Packer, node: Node) -> Line:
    """Relu of sums that a positive number multiplies stays one of sums."""
    x = packer.line(node)
    if x.kind != 'sums' or (x.slope <= 0).any() or x.intercept.any():
        x = plain(packer, node, x)
    layer = Relu(name=packer.name('relu'), sources=(x.layer,))
    packer.keep(layer)
    return replace(x, layer=layer.name)


def add(packer: Packer, node: Node, x: Line, y: Line) -> Line:
    x, y = plain(packer, node, x), plain(packer, node, y)
    layer = Add(name=packer.name('add'), sources=(x.layer, y.layer))
    packer.keep(layer)
    return replace(x, layer=layer.name)


def convolution(packer: Packer, node: Node, x: Line, weights: Array, bias: F64) -> Line:
    """Conv of floats with any weights (n_out, kernel, kernel, n_in), plain or depthwise."""
    x = plain(packer, node, x)
    n_out, kernel, _, n_in = weights.shape
    (stride, *_), groups = node_ints(node, 'strides', (1, 1)), node.attributes.get('group', 1)
    before, extra = node_padding(node, kernel, x.shape)
    if (x.padding or x.extra) and (before or extra or x.border):
        raise UsageError(f'{node.title} pads twice, or with a number that is not 0')
    place = {
        'name': packer.name('convolution'),
        'sources': (x.layer,),
        'kernel': kernel,
        'stride': stride,
        'padding': before + x.padding,
        'extra_padding': extra + x.extra,
    }
    layer: FloatConvolution | DepthwiseConvolution
    if groups == 1:
        layer = FloatConvolution(**place, n_in=n_in, n_out=n_out)
    elif groups == n_out == x.shape[-1] and n_in == 1:
        layer = DepthwiseConvolution(**place, n=n_out)
        weights = weights[..., 0].transpose(1, 2, 0)
    else:
        raise UsageError(f'{node.title} has {groups} groups: one, or one a channel can be packed')
    packer.keep(layer, weights=_float32(weights), bias=_float32(bias))
    more = 2 * layer.padding + layer.extra_padding - kernel
    sides = ((side + more) // stride + 1 for side in x.shape[:2])
    return Line(layer.name, 'floats', (*sides, n_out), 'NCHW')


def _float32(x: Array) -> Array:
    return np.ascontiguousarray(x, np.float32)


def sliding_max(packer: Packer, node: Node) -> Line:
    """Pack a MaxPool whose windows overlap, or reach beyond the image."""
    x = plain(packer, node, packer.line(node))
    size, stride, before, extra = _window(node, x)
    layer = SlidingMax(
        name=packer.name('sliding_max'),
        sources=(x.layer,),
        size=size,
        stride=stride,
        padding=before,
        extra_padding=extra,
    )
    packer.keep(layer)
    more = 2 * before + extra - size
    sides = ((side + more) // stride + 1 for side in x.shape[:2])
    return replace(x, layer=layer.name, shape=(*sides, x.shape[2]))


def _window(node: Node, x: Line) -> tuple[int, int, int, int]:
    kernel, strides = node_ints(node, 'kernel_shape', ()), node_ints(node, 'strides', (1, 1))
    one_size = len(set(kernel)) == len(set(strides)) == 1 and len(kernel) == 2
    if x.order != 'NCHW' or not one_size or node.attributes.get('ceil_mode', 0):
        raise UsageError(f'{node.title} is not square, or counts windows half outside')
    return (kernel[0], strides[0], *node_padding(node, kernel[0], x.shape))


def average_pool(packer: Packer, node: Node) -> Line:
    """Pack an AveragePool of the whole image, or of squares that all lie inside it."""
    x = packer.line(node)
    kernel = node_ints(node, 'kernel_shape', ())
    pads = node_ints(node, 'pads', (0,) * 4)
    if kernel == x.shape[:2] and not any(pads):
        return global_mean(packer, node)
    size, _, before, extra = _window(node, x)
    if before or extra:
        raise UsageError(f'{node.title} counts places outside the image: cannot be packed')
    n = x.shape[-1]
    weights = np.full((n, size, size, 1), 1 / size**2)
    blur = replace(node, attributes={**node.attributes, 'group': n})
    return convolution(packer, blur, x, weights, np.zeros(n))


def global_mean(packer: Packer, node: Node) -> Line:
    """GlobalAveragePool, or ReduceMean over height and width: floats (n_channels,)."""
    x = plain(packer, node, packer.line(node))
    if node.operator == 'ReduceMean':
        axes = node_ints(node, 'axes', ())
        if len(node.inputs) > 1:
            axes = tuple(int(axis) for axis in packer.constant(node, 1))
        expected = {'NCHW': (2, 3), 'NHWC': (1, 2)}.get(x.order)
        if tuple(axis % 4 for axis in axes) != expected:
            raise UsageError(f'{node.title} is no mean over height and width')
    layer = GlobalMean(name=packer.name('mean'), sources=(x.layer,))
    packer.keep(layer)
    return replace(x, layer=layer.name, shape=(x.shape[-1],), order='flat')
