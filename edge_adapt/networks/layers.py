"""
Layer records: what a network is made of, without a line of arithmetic.

A value is a tensor (n, height, width, channels) or (n, width) of one kind:

    pixels   uint8, as the camera gave them       bits   +-1 (int8 here, packed in engines)
    sums     int32, before a threshold            logits int32
    floats   float32 (see float_layers.py)        levels int8, -127..127

Each layer reads the value of the layer before it, or of those named in `sources`, and gives one
value under its own `name`. Its tensors are named '<layer>.<tensor>' in the weights.
`engines/reference.py` gives each record its meaning in one line of NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Any layer. `sources` is empty for the layer before; 'input' names the network's input."""

    name: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution(Layer):
    """
    Sums over kernel x kernel x n_in: weights (n_out, kernel, kernel, n_in) int8.

    On bits the weights are +-1 and `border` (+1, -1, or 0: no contribution) surrounds the image.
    On pixels the sum is of weight * (pixel - zero_point), and the border is zero_point, which
    contributes nothing. `padding` is the number of border pixels on each side, `extra_padding`
    how many more there are below and right.
    """

    n_in: int
    n_out: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1
    border: int = 1
    zero_point: int = 128
    extra_padding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense(Layer):
    """
    Sums over all inputs, flattened (height, width, channels): weights (n_out, n_in) int8.

    On pixels the sum is of weight * (pixel - zero_point).
    """

    n_in: int
    n_out: int
    zero_point: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool(Layer):
    """The maximum of size x size sums or bits, stride = size; odd rows and columns are dropped."""

    size: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SumPool(Layer):
    """
    Levels: the sum of size x size bits or pixels >> shift, stride = size, within -127..127.

    A window that hangs over the right or lower border sums what there is of it.
    """

    size: int = 2
    shift: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection(Layer):
    """
    Levels: (weights . inputs + offset) >> shift, within -127..127, for each of n_out directions.

    The inputs are the bits and levels of all sources, flattened and joined in their order.
    weights (n_out, n_in) int8, offsets (n_out,) int32, shifts (n_out,) uint8; a shift above 31
    is 31.
    """

    n_in: int
    n_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Layer):
    """
    The sum of its sources, value by value: the shortcut of a residual network.

    Its sources have one shape: sums (or bits, as +-1), or floats, added one after the other.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Layer):
    """
    Batch normalization and sign, folded: bit = (sum >= threshold) xor flip, per channel.

    thresholds (n,) int32; flips (n,) uint8, 1 where the batch-norm gamma was negative.
    """

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone(Layer):
    """
    Somebody else's network without its last linear layer: pixels in, n_out float features out.

    graph (n_bytes,) uint8 holds an ONNX model that reads (n, height, width, channels) uint8; only
    engine `onnx_runtime` runs it. It must be the first layer.
    """

    n_out: int
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantize(Layer):
    """
    Floats rounded to levels: round((x - offset) / step), half to even, limited to -127..127.

    offsets and steps (n,) float32, steps above 0. Moving them recalibrates the features, as
    moving thresholds does in a binary network.
    """

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head(Layer):
    """
    The last layer: logits = weights . inputs + bias, on +-1 bits or on int8 levels.

    weights (n_classes, n_in) int8, bias (n_classes,) int32, scale () float32: logits * scale are
    the natural logarithms of unnormalized probabilities.
    """

    n_in: int
    n_classes: int
