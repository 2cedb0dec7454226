"""The engine that is right by definition: one line of NumPy a layer, written to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
import math
from types import MappingProxyType

from edge_adapt.engines import _floats, Infer, Outcome
from edge_adapt.networks.layers import (
    Add,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Projection,
    Quantize,
    SumPool,
    Threshold,
)
from edge_adapt.networks.model import check_weights
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import Array, I32, U8, Weights
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Reference:
    """Clear NumPy; the oracle of every other engine."""

    def prepare(self, network: Network, weights: Weights) -> Infer:
        """Return a runner; UsageError where the weights do not fit the network."""
        check_weights(network, weights)
        return ReferenceInfer(network, weights)


@dataclass(frozen=True, slots=True)
class ReferenceInfer:
    """Interprets the layer records one after the other."""

    network: Network
    weights: Weights

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """Run images (n, height, width, channels) uint8."""
        check_images(self.network, images)
        check_taps(self.network, taps)
        return run(self.network, self.weights, images, taps)


def run(
    network: Network,
    weights: Weights,
    images: U8,
    taps: Sequence[str],
    known: Mapping[str, Array] = MappingProxyType({}),
) -> Outcome:
    """Apply the layers one after the other, but for those whose value is `known`."""
    values: dict[str, Array] = {INPUT: images, **known}
    for layer in network.layers:
        if layer.name not in known:
            inputs = [values[name] for name in network.sources[layer.name]]
            values[layer.name] = apply(layer, weights, *inputs)
    return Outcome(values[network.head.name], {name: values[name] for name in taps})


def check_images(network: Network, images: Array) -> None:
    """Raise ValueError where images are not (n, *input_shape) uint8."""
    if images.dtype != np.uint8 or images.shape[1:] != network.input_shape:
        expected = f'uint8 (n, {", ".join(map(str, network.input_shape))})'
        raise ValueError(f'images must be {expected}, got {images.dtype} {images.shape}')


def check_taps(network: Network, taps: Sequence[str]) -> None:
    """Raise ValueError where a tap names no layer."""
    unknown = [name for name in taps if name not in network.shapes or name == INPUT]
    if unknown:
        raise ValueError(f'no layers {unknown}; there are {list(network.shapes)[1:]}')


def apply(layer: Layer, weights: Weights, x: Array, *others: Array) -> Array:
    """Return the value a layer gives for the values it reads: the meaning of every record."""
    match layer:
        case Convolution():
            return _convolve(layer, weights[f'{layer.name}.weights'], x)
        case Dense():
            inputs = _flat(_centred(x, layer.zero_point))
            return _times(inputs, weights[f'{layer.name}.weights'])
        case MaxPool(size=size):
            height, width = x.shape[1] // size, x.shape[2] // size
            tiles = x[:, : height * size, : width * size]
            shape = (len(x), height, size, width, size, x.shape[3])
            return np.asarray(tiles.reshape(shape).max((2, 4)))
        case Add():
            return reduce(np.add, map(_summand, others), _summand(x))
        case Threshold(name=name):
            above = x >= weights[f'{name}.thresholds']
            return np.where(above ^ (weights[f'{name}.flips'] != 0), np.int8(1), np.int8(-1))
        case Quantize() | SumPool() | Projection():
            return _levels(layer, weights, x, *others).clip(-127, 127).astype(np.int8)
        case Head(name=name):
            return _times(_flat(x), weights[f'{name}.weights']) + weights[f'{name}.bias']
    return _floats.apply(layer, weights, x)


def _convolve(layer: Convolution, weights: Array, x: Array) -> Array:
    border = 0 if x.dtype == np.uint8 else layer.border
    margin = (layer.padding, layer.padding + layer.extra_padding)
    padded = np.pad(
        _centred(x, layer.zero_point), ((0, 0), margin, margin, (0, 0)), constant_values=border
    )
    windows = sliding_window_view(padded, (layer.kernel, layer.kernel), axis=(1, 2))
    windows = windows[:, :: layer.stride, :: layer.stride]  # (n, h, w, n_in, kernel, kernel)
    sums = np.einsum('nhwcij,oijc->nhwo', windows, _wide(weights), optimize=True)
    return np.asarray(sums, np.int32)


def _levels(
    layer: Quantize | SumPool | Projection, weights: Weights, x: Array, *others: Array
) -> Array:
    """Return levels before they are limited."""
    name = layer.name
    match layer:
        case Quantize():
            return np.rint((x - weights[f'{name}.offsets']) / weights[f'{name}.steps'])
        case SumPool(shift=shift):
            return _window_sums(layer, _wide(x)) >> shift
    joined = np.concatenate([_flat(value) for value in (x, *others)], axis=1)
    sums = _times(joined, weights[f'{name}.weights']) + weights[f'{name}.offsets']
    return sums >> np.minimum(weights[f'{name}.shifts'], 31)


def _window_sums(layer: SumPool, x: I32) -> I32:
    """Return sums (n, height, width, channels) of size x size windows, the last ones partial."""
    size = layer.size
    n, height, width, n_channels = x.shape
    padded = np.pad(x, ((0, 0), (0, -height % size), (0, -width % size), (0, 0)))
    tiles = padded.reshape(n, -(-height // size), size, -(-width // size), size, n_channels)
    return np.asarray(tiles.sum(axis=(2, 4)), np.int32)


def _centred(x: Array, zero_point: int) -> Array:
    """Return bits as they are, pixels less their zero point; int32."""
    return _wide(x) - (zero_point if x.dtype == np.uint8 else 0)


def _summand(x: Array) -> Array:
    return x if x.dtype == np.float32 else _wide(x)


def _wide(x: Array) -> I32:
    return x.astype(np.int32)


def _times(x: Array, weights: Array) -> Array:
    """Return x . weights^T, (n, n_in) and (n_out, n_in) -> (n, n_out), in int32."""
    return np.asarray(_wide(x) @ _wide(weights).T)


def _flat(x: Array) -> Array:
    return x.reshape(len(x), math.prod(x.shape[1:]))
