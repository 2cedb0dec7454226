"""A network as the native kernels read it: tables of values and steps, layers fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

from edge_adapt.networks.layers import (
    Add,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Shape,
    Threshold,
)
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import I32
import numpy as np

KINDS = ('pixels', 'bits', 'sums', 'logits')
MAX_INPUTS = 32767  # the kernels count differing bits in 16 bits, signed


class Op(IntEnum):
    """What a step does; `Op` of cpp/plan.hpp."""

    CONVOLVE = 0
    DENSE = 1
    THRESHOLD = 2
    ADD = 3
    POOL = 4
    HEAD = 5


class Emit(IntEnum):
    """What a convolution writes; `Emit` of cpp/kernels.hpp."""

    SUMS = 0
    BITS = 1
    POOL_BITS = 2
    BITS_POOL = 3


class Layout(IntEnum):
    """How weights are packed; `Layout` of cpp/runner.hpp."""

    BITS = 0
    PIXELS = 1
    DENSE_PIXELS = 2
    HEAD = 3


@dataclass(frozen=True, slots=True)
class PackedTensor:
    """The weights of a layer: their name, layout, and shape (n_out, rows, columns, channels)."""

    name: str
    layout: Layout
    shape: Shape


@dataclass
class Program:
    """
    Rows for the native plan, and which tensors its steps need.

    `weights` maps a step to its packed weights; `limits` maps a step to the layer whose
    thresholds and flips, or whose bias, it compares with or adds.
    """

    network: Network
    taps: tuple[str, ...]
    ids: dict[str, int] = field(default_factory=dict)
    value_rows: list[tuple[int, ...]] = field(default_factory=list)
    step_rows: list[tuple[int, ...]] = field(default_factory=list)
    weights: dict[int, PackedTensor] = field(default_factory=dict)
    limits: dict[int, Layer] = field(default_factory=dict)
    fused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Translate layer by layer; what was fused into an earlier step is skipped."""
        self._declare(INPUT)
        for layer in self.network.layers:
            if layer.name not in self.fused:
                self._translate(layer)

    @property
    def values(self) -> I32:
        """One row a value: kind, height, width, channels."""
        return np.array(self.value_rows, np.int32)

    @property
    def steps(self) -> I32:
        """One row a step: see StepRecord of cpp/plan.hpp."""
        return np.array(self.step_rows, np.int32)

    @property
    def tap_ids(self) -> I32:
        """The values to give back."""
        return np.array([self.ids[name] for name in self.taps], np.int32)

    def _declare(self, name: str) -> int:
        self.ids[name] = len(self.value_rows)
        self.value_rows.append((KINDS.index(self.network.kinds[name]), *self._image(name)))
        return self.ids[name]

    def _image(self, name: str) -> Shape:
        shape = self.network.shapes[name]
        return shape if len(shape) == 3 else (1, 1, *shape)

    def _step(self, op: Op, layer: Layer, target: str, *numbers: int, other: str = '') -> int:
        source = self.ids[self.network.sources[layer.name][0]]
        second = self.ids[other] if other else source
        padded = (*numbers, *[0] * (6 - len(numbers)))
        self.step_rows.append((op, source, second, self._declare(target), *padded))
        return len(self.step_rows) - 1

    def _translate(self, layer: Layer) -> None:
        match layer:
            case Convolution() | Dense():
                self._weigh(layer)
            case Threshold():
                self.limits[self._step(Op.THRESHOLD, layer, layer.name)] = layer
            case MaxPool(size=size):
                self._step(Op.POOL, layer, layer.name, size)
            case Add():
                self._add(layer)
            case Head():
                step = self._step(Op.HEAD, layer, layer.name)
                self.weights[step] = self._tensor(layer, Layout.HEAD)
                self.limits[step] = layer

    def _weigh(self, layer: Convolution | Dense) -> None:
        emit, threshold, followers = self._fusion(layer)
        self.fused |= set(followers)
        target = followers[-1] if followers else layer.name
        if isinstance(layer, Convolution):
            step = self._step(
                Op.CONVOLVE,
                layer,
                target,
                layer.kernel,
                layer.stride,
                layer.padding,
                layer.border,
                layer.zero_point,
                emit,
            )
        else:
            step = self._step(Op.DENSE, layer, target, 1, 1, 0, 1, layer.zero_point, emit)
        on_pixels = self.network.kinds[self.network.sources[layer.name][0]] == 'pixels'
        layout = Layout.PIXELS if isinstance(layer, Convolution) else Layout.DENSE_PIXELS
        self.weights[step] = self._tensor(layer, layout if on_pixels else Layout.BITS)
        if threshold:
            self.limits[step] = threshold

    def _tensor(self, layer: Convolution | Dense | Head, layout: Layout) -> PackedTensor:
        if isinstance(layer, Convolution):
            shape: Shape = (layer.n_out, layer.kernel, layer.kernel, layer.n_in)
        else:
            n_out = layer.n_out if isinstance(layer, Dense) else layer.n_classes
            shape = (n_out, *self._image(self.network.sources[layer.name][0]))
        return PackedTensor(f'{layer.name}.weights', layout, shape)

    def _fusion(
        self, layer: Convolution | Dense
    ) -> tuple[Emit, Threshold | None, tuple[str, ...]]:
        """Return what the layer emits, the threshold it takes in, and the names it takes in."""
        follower = self._only_reader(layer.name)
        after = self._only_reader(follower.name) if follower else None
        may_pool = isinstance(layer, Convolution)
        match follower, after:
            case Threshold(), MaxPool(size=2) if may_pool:
                return Emit.BITS_POOL, follower, (follower.name, after.name)
            case Threshold(), _:
                return Emit.BITS, follower, (follower.name,)
            case MaxPool(size=2), Threshold() if may_pool:
                return Emit.POOL_BITS, after, (follower.name, after.name)
        return Emit.SUMS, None, ()

    def _only_reader(self, name: str) -> Layer | None:
        """Return the one layer that reads a value nobody taps; None where there is no such."""
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self.taps else None

    @cached_property
    def _readers(self) -> Mapping[str, Sequence[Layer]]:
        readers: dict[str, list[Layer]] = {}
        for layer in self.network.layers:
            for source in self.network.sources[layer.name]:
                readers.setdefault(source, []).append(layer)
        return readers

    def _add(self, layer: Add) -> None:
        first, *others = self.network.sources[layer.name]
        total = self.ids[first]
        for other in others:
            target = self._declare(layer.name)  # the last one keeps the name
            self.step_rows.append((Op.ADD, total, self.ids[other], target, *[0] * 6))
            total = target


def is_native(network: Network) -> bool:
    """Return whether the native kernels have steps for all layers; else NumPy runs them."""
    return all(_is_native(network, layer) for layer in network.layers)


def _is_native(network: Network, layer: Layer) -> bool:
    sources = network.sources[layer.name]
    kinds = {network.kinds[source] for source in sources}
    if min(network.shapes[layer.name]) < 1:
        return False
    match layer:
        case Convolution(n_in=n_in, kernel=kernel, border=border, zero_point=zero_point):
            small = kernel * kernel * n_in <= MAX_INPUTS and kernel <= 15 and layer.stride <= 16
            legal = abs(border) == 1 and 0 <= zero_point <= 255 and layer.padding <= 8
            return kinds <= {'pixels', 'bits'} and small and legal
        case Dense(n_in=n_in, zero_point=zero_point):
            return kinds <= {'pixels', 'bits'} and n_in <= MAX_INPUTS and 0 <= zero_point <= 255
        case Threshold() | Add():
            return kinds == {'sums'}
        case MaxPool():
            return kinds <= {'sums', 'bits'}
        case Head():
            return kinds == {'bits'} and layer is network.layers[-1]
    return False
