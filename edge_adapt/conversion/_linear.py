"""Convolutions and dense layers of a graph: integers of weights, the border, the head."""

from __future__ import annotations

from edge_adapt.conversion import _floats
from edge_adapt.conversion._packing import Line, node_ints, node_padding, Packer
from edge_adapt.conversion.integers import int8_of, largest_sums, signs_of
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Node
from edge_adapt.networks.layers import Convolution, Dense
from edge_adapt.records import Array, F64
import numpy as np


def dense(packer: Packer, node: Node) -> Line:
    """Pack a MatMul or Gemm with constant weights: a dense layer, or the head where it is last."""
    x, weights = packer.line(node), packer.constant(node, 1)
    weights = weights if node.attributes.get('transB', 0) else weights.T
    alpha, beta = (node.attributes.get(key, 1.0) for key in ('alpha', 'beta'))
    if alpha != 1 or beta != 1 or node.attributes.get('transA', 0):
        raise UsageError(f'{node.title} with alpha, beta or transA cannot be packed')
    if x.order == 'CHW':  # the records read height, width, channel
        height, width, channels = x.shape
        weights = weights.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        weights = weights.reshape(len(weights), -1)
    if x.order in ('NCHW', 'NHWC'):
        raise UsageError(f'{node.title} reads an image that was not flattened')
    bias = _bias(packer, node, len(weights))
    if packer.is_last(node):
        if x.kind in ('sums', 'floats'):
            x = _floats.plain(packer, node, x)
        else:
            packer.need_bits(node, x)
        packer.head_reads = x.kind
        packer.head = weights * x.slope, np.broadcast_to(bias, (len(weights),)).copy()
        return Line(x.layer, 'logits', (len(weights),), 'flat')
    if x.kind in ('sums', 'floats'):
        packer.need_bits(node, x)
    found = _integers(packer, node, x, weights)
    if found is None:
        raise UsageError(f'{node.title}: its weights are no int8 multiples of a step')
    integers, slope, magnitude, zero_point = found
    n_out, n_in = weights.shape
    layer = Dense(
        name=packer.name('linear'),
        sources=(x.layer,),
        n_in=n_in,
        n_out=n_out,
        zero_point=zero_point,
    )
    packer.keep(layer, weights=integers)
    reach = largest_sums(integers, magnitude)
    return Line(layer.name, 'sums', (n_out,), 'flat', slope, bias, reach)


def convolution(packer: Packer, node: Node) -> Line:
    """Conv of pixels with int8 weights, or of bits with +-1 weights."""
    x, weights = packer.line(node), packer.constant(node, 1)
    if x.order != 'NCHW' or weights.ndim != 4:
        raise UsageError(f'{node.title} is not a convolution of an image')
    n_out, n_in, kernel, width = weights.shape
    strides = node_ints(node, 'strides', (1, 1))
    dilated = node_ints(node, 'dilations', (1, 1)) != (1, 1)
    if dilated or kernel != width or len(set(strides)) != 1:
        raise UsageError(f'{node.title} is dilated or not square: cannot be packed')
    weights, bias = weights.transpose(0, 2, 3, 1), _bias(packer, node, n_out)
    groups = node.attributes.get('group', 1)
    found = _integers(packer, node, x, weights) if groups == 1 else None
    if found is None:
        return _floats.convolution(packer, node, x, weights, bias)
    integers, slope, magnitude, zero_point = found
    padding, extra, border = _border(node, x, kernel)
    layer = Convolution(
        name=packer.name('linear'),
        sources=(x.layer,),
        n_in=n_in,
        n_out=n_out,
        kernel=kernel,
        stride=strides[0],
        padding=padding,
        extra_padding=extra,
        border=border,
        zero_point=zero_point,
    )
    packer.keep(layer, weights=integers)
    more = 2 * padding + extra - kernel
    sides = ((side + more) // strides[0] + 1 for side in x.shape[:2])
    reach = largest_sums(integers, magnitude)
    return Line(layer.name, 'sums', (*sides, n_out), 'NCHW', slope, bias, reach)


def _border(node: Node, x: Line, kernel: int) -> tuple[int, int, int]:
    """Return the border's width on each side, how much wider it is below and right, its value."""
    before, extra = node_padding(node, kernel, x.shape)
    if not (before or extra):
        return x.padding, x.extra, x.border
    if x.padding or x.extra:
        raise UsageError(f'{node.title} pads what was padded before')
    return before, extra, 0 if x.kind == 'bits' else x.border


def _integers(
    packer: Packer, node: Node, x: Line, weights: Array
) -> tuple[Array, F64, int, int] | None:
    """
    Return integer weights, the slope of their sums, the largest input, the zero point.

    None where the layer is one of floats: of float values, or of pixels by weights that are no
    integers times a step, or less a mean that is no integer.
    """
    if x.kind in ('floats', 'sums'):
        return None
    if x.kind == 'pixels':
        zero = -x.intercept / x.slope
        zero_point = int(np.rint(zero[0]))
        is_one = np.allclose(x.slope, x.slope[0]) and np.allclose(zero, zero_point, atol=1e-3)
        found = int8_of(weights) if is_one and 0 <= zero_point <= 255 else None
        if found is None:
            return None
        magnitude = max(zero_point, 255 - zero_point)
        return found[0], found[1] * x.slope[0], magnitude, zero_point
    packer.need_bits(node, x)
    signs = signs_of(weights)
    if signs is None:
        raise UsageError(f'{node.title}: its weights are not +-1 times one number an output')
    return signs[0], signs[1] * x.slope[0], 1, 128


def _bias(packer: Packer, node: Node, n_out: int) -> F64:
    if len(node.inputs) < 3 or not node.inputs[2]:
        return np.zeros(n_out)
    return packer.constant(node, 2).astype(np.float64).reshape(-1)
