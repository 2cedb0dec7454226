"""
The packed path in NumPy: 64 signs a word, xor and `bitwise_count`, any shape.

Bits stay packed between layers. A layer this file has no faster way for is handed, unpacked, to
the reference, so every network runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
import math

from edge_adapt.bits import as_words, pack_words, unpack_signs
from edge_adapt.engines import Outcome, reference
from edge_adapt.networks.float_layers import Sign
from edge_adapt.networks.layers import (
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Projection,
    Shape,
    Threshold,
)
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import Array, I32, U8, Weights
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Words compared at a time: 1 MB, which stays in the second-level cache.
N_WORDS_AT_ONCE = 1 << 17


@dataclass(frozen=True, slots=True)
class Bits:
    """Signs of n_bits channels: words (n, height, width, n_words) or (n, n_words) uint64."""

    words: NDArray[np.uint64]
    n_bits: int

    @property
    def signs(self) -> Array:
        """Return the +-1 int8 that the words hold, (..., n_bits)."""
        return unpack_signs(self.words.view(np.uint8), self.n_bits)


Value = Array | Bits
Step = Callable[..., Value]


@dataclass(frozen=True)
class PackedInfer:
    """A network made ready for NumPy: one step a layer."""

    network: Network
    weights: Weights
    steps: Mapping[str, Step]

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """Run images (n, height, width, channels) uint8."""
        reference.check_images(self.network, images)
        reference.check_taps(self.network, taps)
        values: dict[str, Value] = {INPUT: images}
        for name, sources in self.network.sources.items():
            values[name] = self.steps[name](*(values[source] for source in sources))
        tapped = {name: plain(values[name]) for name in taps}
        return Outcome(plain(values[self.network.head.name]), tapped)


def prepare(network: Network, weights: Weights) -> PackedInfer:
    """Return a runner for weights that fit the network."""
    steps: dict[str, Step] = {}
    for layer in network.layers:
        source = network.sources[layer.name][0]
        make = _MAKERS.get((type(layer), network.kinds[source]))
        step = make(layer, weights, network.shapes[source]) if make else None
        steps[layer.name] = step or _reference_step(layer, weights)
    return PackedInfer(network, weights, steps)


def plain(value: Value) -> Array:
    """Return a value as the reference has it: bits as +-1."""
    return value.signs if isinstance(value, Bits) else value


def _reference_step(layer: Layer, weights: Weights) -> Step:
    def run(*values: Value) -> Value:
        return reference.apply(layer, weights, *(plain(value) for value in values))

    return run


def _are_signs(array: Array) -> bool:
    return bool(np.all(np.abs(array) == 1))


def _float_type(weights: Array, largest: int) -> type[np.floating] | None:
    """Return the type whose sums of products are exact integers, for |inputs| <= largest."""
    bound = int(np.abs(weights.astype(np.int64)).reshape(len(weights), -1).sum(axis=1).max())
    exact = ((np.float32, 24), (np.float64, 31))  # beyond 31 bits the sums wrap, as int32 does
    return next((kind for kind, n_bits in exact if bound * largest < 1 << n_bits), None)


def _convolve_bits(layer: Convolution, weights: Weights, _: Shape) -> Step | None:
    tensor = weights[f'{layer.name}.weights']
    if not _are_signs(tensor):
        return None
    rows = pack_words(tensor).reshape(layer.n_out, -1)
    border = pack_words(np.full(layer.n_in, layer.border or -1))
    # A border of 0 is taken for -1, and what its places subtracted is given back.
    given_back = tensor.sum(axis=3, dtype=np.int32).reshape(layer.n_out, -1).T
    n_bits = layer.kernel * layer.kernel * layer.n_in

    def run(bits: Bits) -> Value:
        sums = _count_sums(_windows(layer, bits.words, border), rows, n_bits)
        if layer.border == 0:
            image = np.zeros((1, *bits.words.shape[1:3], 1), np.int32)
            sums += _windows(layer, image, np.ones(1, np.int32)) @ given_back
        return sums

    return run


def _convolve_pixels(layer: Convolution, weights: Weights, _: Shape) -> Step | None:
    tensor = weights[f'{layer.name}.weights']
    kind = _float_type(tensor, max(layer.zero_point, 255 - layer.zero_point))
    if kind is None:
        return None
    columns = np.ascontiguousarray(tensor.reshape(layer.n_out, -1).T, dtype=kind)

    def run(pixels: U8) -> Value:
        centred = pixels.astype(kind) - kind(layer.zero_point)
        return (_windows(layer, centred, np.zeros(1, kind)) @ columns).astype(np.int32)

    return run


def _windows(layer: Convolution, x: Array, border: Array) -> Array:
    """Return what each output reads, (n, height, width, kernel * kernel * channels)."""
    n, height, width, n_channels = x.shape
    k, margin = layer.kernel, layer.padding
    more = 2 * margin + layer.extra_padding
    padded = np.empty((n, height + more, width + more, n_channels), x.dtype)
    padded[...] = border
    padded[:, margin : margin + height, margin : margin + width] = x
    windows = sliding_window_view(padded, (k, k), axis=(1, 2))
    windows = windows[:, :: layer.stride, :: layer.stride].transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(*windows.shape[:3], k * k * n_channels)


def _flat(x: Array) -> Array:
    return x.reshape(len(x), math.prod(x.shape[1:]))


def _dense_bits(layer: Dense, weights: Weights, shape: Shape) -> Step | None:
    tensor = weights[f'{layer.name}.weights']
    if not _are_signs(tensor):
        return None
    rows = pack_words(tensor.reshape(layer.n_out, *shape)).reshape(layer.n_out, -1)

    def run(bits: Bits) -> Value:
        return _count_sums(_flat(bits.words), rows, layer.n_in)

    return run


def _dense_pixels(layer: Dense, weights: Weights, _: Shape) -> Step | None:
    tensor = weights[f'{layer.name}.weights']
    kind = _float_type(tensor, max(layer.zero_point, 255 - layer.zero_point))
    if kind is None:
        return None
    columns = np.ascontiguousarray(tensor.T, dtype=kind)

    def run(pixels: U8) -> Value:
        centred = _flat(pixels).astype(kind) - kind(layer.zero_point)
        sums: I32 = (centred @ columns).astype(np.int32)
        return sums

    return run


def _head(layer: Head, weights: Weights, _: Shape) -> Step | None:
    tensor, bias = weights[f'{layer.name}.weights'], weights[f'{layer.name}.bias']
    kind = _float_type(tensor, 1)
    if kind is None:
        return None
    columns = np.ascontiguousarray(tensor.T, dtype=kind)

    def run(bits: Bits) -> Value:
        sums: I32 = (_flat(bits.signs).astype(kind) @ columns).astype(np.int32)
        return sums + bias

    return run


def _projection(layer: Projection, weights: Weights, _: Shape) -> Step | None:
    tensor, offsets = weights[f'{layer.name}.weights'], weights[f'{layer.name}.offsets']
    shifts = np.minimum(weights[f'{layer.name}.shifts'], 31)
    kind = _float_type(tensor, 128)
    if kind is None:
        return None
    columns = np.ascontiguousarray(tensor.T, dtype=kind)

    def run(*values: Value) -> Value:
        parts = [_flat(value.signs if isinstance(value, Bits) else value) for value in values]
        joined = np.concatenate(parts, axis=1).astype(kind)
        sums: I32 = (joined @ columns).astype(np.int32) + offsets
        return (sums >> shifts).clip(-127, 127).astype(np.int8)

    return run


def _count_sums(a: Array, rows: Array, n_bits: int) -> I32:
    """Return n_bits - 2 * popcount(a ^ row), (..., n_words) x (n_out, n_words) -> (..., n_out)."""
    flat = a.reshape(-1, a.shape[-1])
    sums = np.empty((len(flat), len(rows)), np.int32)
    columns = np.ascontiguousarray(rows.T)[:, None, :]
    n_at_once = max(1, N_WORDS_AT_ONCE // rows.size)
    for first in range(0, len(flat), n_at_once):
        block = np.ascontiguousarray(flat[first : first + n_at_once].T)[:, :, None]
        counts = np.bitwise_count(block ^ columns)
        sums[first : first + n_at_once] = counts.sum(axis=0, dtype=np.int32)
    sums *= -2
    sums += n_bits
    return sums.reshape(*a.shape[:-1], len(rows))


def _threshold(layer: Threshold, weights: Weights, _: Shape) -> Step:
    thresholds = weights[f'{layer.name}.thresholds']
    flips = weights[f'{layer.name}.flips'] != 0

    def run(sums: Array) -> Value:
        return Bits(as_words(np.packbits((sums >= thresholds) ^ flips, axis=-1)), layer.n)

    return run


def _sign(layer: Sign, weights: Weights, shape: Shape) -> Step:
    def run(floats: Array) -> Value:
        return Bits(pack_words(floats), shape[-1])

    return run


def _tiles(layer: MaxPool, x: Array) -> list[Array]:
    """Return the size * size values that meet in each output."""
    size = layer.size
    height, width = x.shape[1] // size * size, x.shape[2] // size * size
    offsets = product(range(size), repeat=2)
    return [x[:, row:height:size, column:width:size] for row, column in offsets]


def _pool_bits(layer: MaxPool, weights: Weights, shape: Shape) -> Step:
    def run(bits: Bits) -> Value:
        first, *others = _tiles(layer, bits.words)
        words = first.copy()
        for other in others:
            words |= other
        return Bits(words, bits.n_bits)

    return run


def _pool_numbers(layer: MaxPool, weights: Weights, shape: Shape) -> Step:
    def run(numbers: Array) -> Value:
        first, *others = _tiles(layer, numbers)
        highest = first.copy()
        for other in others:
            np.maximum(highest, other, out=highest)
        return highest

    return run


_MAKERS: Mapping[tuple[type[Layer], str], Callable[..., Step | None]] = {
    (Convolution, 'bits'): _convolve_bits,
    (Convolution, 'pixels'): _convolve_pixels,
    (Dense, 'bits'): _dense_bits,
    (Dense, 'pixels'): _dense_pixels,
    (Head, 'bits'): _head,
    (Projection, 'bits'): _projection,
    (Projection, 'levels'): _projection,
    (MaxPool, 'bits'): _pool_bits,
    (MaxPool, 'pixels'): _pool_numbers,
    (MaxPool, 'sums'): _pool_numbers,
    (Sign, 'floats'): _sign,
    (Threshold, 'pixels'): _threshold,
    (Threshold, 'sums'): _threshold,
}
