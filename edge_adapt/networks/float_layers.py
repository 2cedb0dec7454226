"""
Layers on float32 values, beside the binary ones: what a larger binary network keeps in float.

A residual stream, its normalization, a stem on pixels, blur pooling, the way to another width.
The order of every sum is part of a layer's meaning (see `engines/_floats.py`), so engines give
the same float32 bits, and the same signs after them.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.networks.layers import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Layer):
    """
    x * slope + intercept per channel, of pixels, sums or floats: normalization.

    slopes and intercepts (n,) float32.
    """

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relu(Layer):
    """The larger of x and 0, of sums or floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign(Layer):
    """Bits of floats: +1 where x >= 0, else -1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatConvolution(Layer):
    """
    bias + sums over kernel x kernel x n_in floats, zeros around the image.

    weights (n_out, kernel, kernel, n_in) and bias (n_out,) float32. `padding` zeros stand on each
    side, and `extra_padding` more below and right.
    """

    n_in: int
    n_out: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    extra_padding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConvolution(Layer):
    """
    bias + sums over kernel x kernel floats of the same channel: blur and average pooling too.

    weights (kernel, kernel, n) and bias (n,) float32; borders as in FloatConvolution.
    """

    n: int
    kernel: int = 3
    stride: int = 1
    padding: int = 0
    extra_padding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidingMax(Layer):
    """The maximum of size x size floats, at every `stride`-th place; nothing is around them."""

    size: int = 2
    stride: int = 1
    padding: int = 0
    extra_padding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalMean(Layer):
    """The mean of each channel of floats over height and width."""
