"""A network as the native kernels read it: tables of values and steps, layers fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Relu,
    Scale,
    Sign,
    SlidingMax,
)
from edge_adapt.networks.layers import (
    Add,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Quantize,
    Shape,
    Threshold,
)
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import I32
import numpy as np

KINDS = ('pixels', 'bits', 'sums', 'logits', 'floats', 'levels')
N_NUMBERS = 8  # of a step, behind its operation and its values


class Op(IntEnum):
    """What a step does; `Op` of cpp/plan.hpp."""

    CONVOLVE = 0
    DENSE = 1
    THRESHOLD = 2
    ADD = 3
    POOL = 4
    HEAD = 5
    BLEND = 6
    SIGN = 7
    RELU = 8
    FLOAT_CONVOLVE = 9
    DEPTHWISE = 10
    SLIDE_MAX = 11
    MEAN = 12
    QUANTIZE = 13


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
    LEVEL_HEAD = 4
    BITS_AND_TAPS = 5
    FLOATS = 6
    DEPTHWISE = 7


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
        """Return the values to give back."""
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
        padded = (*numbers, *[0] * (N_NUMBERS - len(numbers)))
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
                layout = Layout.HEAD if self._reads(layer) == 'bits' else Layout.LEVEL_HEAD
                self.weights[step] = self._tensor(layer, layout)
                self.limits[step] = layer
            case _:
                self._translate_floats(layer)

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
                layer.extra_padding,
            )
        else:
            step = self._step(Op.DENSE, layer, target, 1, 1, 0, 1, layer.zero_point, emit)
        self.weights[step] = self._tensor(layer, self._layout(layer))
        if threshold:
            self.limits[step] = threshold

    def _layout(self, layer: Convolution | Dense) -> Layout:
        if self._reads(layer) == 'pixels':
            return Layout.PIXELS if isinstance(layer, Convolution) else Layout.DENSE_PIXELS
        return Layout.BITS_AND_TAPS if _is_corrected(layer) else Layout.BITS

    def _reads(self, layer: Layer) -> str:
        return self.network.kinds[self.network.sources[layer.name][0]]

    def _translate_floats(self, layer: Layer) -> None:
        match layer:
            case Relu() | Scale():
                self._blend(layer)
            case Sign():
                self._step(Op.SIGN, layer, layer.name)
            case GlobalMean():
                self._step(Op.MEAN, layer, layer.name)
            case Quantize():
                self.limits[self._step(Op.QUANTIZE, layer, layer.name)] = layer
            case SlidingMax(size=size):
                self._slide(Op.SLIDE_MAX, layer, size)
            case FloatConvolution() | DepthwiseConvolution():
                is_deep = isinstance(layer, DepthwiseConvolution)
                op, layout = (
                    (Op.DEPTHWISE, Layout.DEPTHWISE)
                    if is_deep
                    else (Op.FLOAT_CONVOLVE, Layout.FLOATS)
                )
                step = self._slide(op, layer, layer.kernel)
                self.weights[step] = self._tensor(layer, layout)
                self.limits[step] = layer

    def _slide(
        self, op: Op, layer: FloatConvolution | DepthwiseConvolution | SlidingMax, size: int
    ) -> int:
        numbers = (size, layer.stride, layer.padding, 0, 0, Emit.SUMS, layer.extra_padding)
        return self._step(op, layer, layer.name, *numbers)

    def _blend(self, layer: Relu | Scale) -> None:
        """Relu, scale and a shortcut that is there already are one step."""
        scale: Layer | None = layer
        if isinstance(layer, Relu):
            scale = self._only_reader(layer.name)
            if not isinstance(scale, Scale):
                self._step(Op.RELU, layer, layer.name)
                return
            self.fused.add(scale.name)
        assert isinstance(scale, Scale)
        target, other = scale.name, ''
        shortcut = self._only_reader(scale.name)
        if isinstance(shortcut, Add):
            others = [x for x in self.network.sources[shortcut.name] if x != scale.name]
            if len(others) == 1 and others[0] in self.ids and self._may_add(layer, others[0]):
                target, other = shortcut.name, others[0]
                self.fused.add(target)
        numbers = (0, 0, 0, 0, 0, 0, 0, int(isinstance(layer, Relu)))
        self.limits[self._step(Op.BLEND, layer, target, *numbers, other=other)] = scale

    def _may_add(self, first: Layer, other: str) -> bool:
        return (
            self.network.kinds[other] == 'floats' and other not in self.network.sources[first.name]
        )

    def _tensor(self, layer: Layer, layout: Layout) -> PackedTensor:
        if isinstance(layer, Convolution | FloatConvolution):
            shape: Shape = (layer.n_out, layer.kernel, layer.kernel, layer.n_in)
        elif isinstance(layer, DepthwiseConvolution):
            shape = (layer.n, layer.kernel, layer.kernel, 1)
        else:
            assert isinstance(layer, Dense | Head)
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
        if _is_corrected(layer):
            return Emit.SUMS, None, ()
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
            self.step_rows.append((Op.ADD, total, self.ids[other], target, *[0] * N_NUMBERS))
            total = target


def _is_corrected(layer: Convolution | Dense) -> bool:
    """Return whether a border of 0 is put right after the layer, in its sums."""
    return isinstance(layer, Convolution) and layer.border == 0
