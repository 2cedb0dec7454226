"""A network: its input, its layers, its classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
import math
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.networks import layers as records
from edge_adapt.networks._checks import check_input, check_layer, check_names, check_size
from edge_adapt.networks.layers import (
    Add,
    Backbone,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Projection,
    Quantize,
    Shape,
    SumPool,
    Threshold,
)

INPUT = 'input'


@dataclass(frozen=True)
class Network:
    """
    Layers over an input (height, width, channels) of uint8 pixels.

    Raises UsageError where layers do not fit each other.
    """

    name: str
    input_shape: tuple[int, int, int]
    layers: tuple[Layer, ...]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Walk the layers once: every shape must fit."""
        check_names('names of networks and classes', (self.name, *self.class_names))
        check_input(self.input_shape)
        for layer in self.layers:
            check_layer(layer)
        names = [layer.name for layer in self.layers]
        if len(set(names)) != len(names) or INPUT in names:
            raise UsageError(f'network {self.name!r} has layers of equal names: {names}')
        _ = self.shapes

    @cached_property
    def sources(self) -> Mapping[str, tuple[str, ...]]:
        """Layer name -> the names of the values it reads."""
        before = [INPUT, *(layer.name for layer in self.layers)]
        return {layer.name: layer.sources or (before[i],) for i, layer in enumerate(self.layers)}

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Value name -> its shape without the batch axis."""
        shapes: dict[str, Shape] = {INPUT: self.input_shape}
        for layer in self.layers:
            unknown = [name for name in self.sources[layer.name] if name not in shapes]
            if unknown:
                raise UsageError(f'layer {layer.name!r} reads {unknown}, which is not before it')
            inputs = [shapes[name] for name in self.sources[layer.name]]
            shapes[layer.name] = _shape_after(layer, inputs)
            check_size(layer.name, shapes[layer.name])
        return shapes

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Value name -> 'pixels', 'bits', 'sums', 'floats', 'levels' or 'logits'."""
        kinds = {INPUT: 'pixels'}
        for layer in self.layers:
            same = kinds[self.sources[layer.name][0]]
            kinds[layer.name] = same if isinstance(layer, MaxPool) else _KINDS[type(layer)]
        return kinds

    @property
    def head(self) -> Head:
        """The last layer. Raises UsageError where the network does not end in a head."""
        if not self.layers or not isinstance(self.layers[-1], Head):
            raise UsageError(f'network {self.name!r} does not end in a head')
        return self.layers[-1]

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The threshold layers, first to last."""
        return tuple(layer for layer in self.layers if isinstance(layer, Threshold))

    @property
    def recalibrated(self) -> tuple[Threshold | Quantize, ...]:
        """The layers that recalibration can move, first to last."""
        return tuple(layer for layer in self.layers if isinstance(layer, Threshold | Quantize))

    def layer(self, name: str) -> Layer:
        """Return the layer of that name; KeyError where there is none."""
        return {layer.name: layer for layer in self.layers}[name]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `from_dict` is the way back."""
        return {
            'name': self.name,
            'input_shape': list(self.input_shape),
            'class_names': list(self.class_names),
            'layers': [{'kind': type(layer).__name__, **asdict(layer)} for layer in self.layers],
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Network:
        """Return the network. Raises UsageError for a layer kind or field nobody knows."""
        try:
            return Network(
                name=values['name'],
                input_shape=tuple(values['input_shape']),
                layers=tuple(_layer_from(entry) for entry in values['layers']),
                class_names=tuple(values['class_names']),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f'this is not a description of a network: {error}') from error


_KINDS: dict[type[Layer], str] = {
    Convolution: 'sums',
    Dense: 'sums',
    Add: 'sums',
    Threshold: 'bits',
    Backbone: 'floats',
    Quantize: 'levels',
    SumPool: 'levels',
    Projection: 'levels',
    Head: 'logits',
}


def _layer_from(entry: Mapping[str, Any]) -> Layer:
    if not isinstance(entry, dict):
        raise UsageError(f'a layer is described by its fields, got {entry!r:.80}')
    fields = dict(entry)
    kind = fields.pop('kind')
    record = getattr(records, str(kind), None)
    if not (isinstance(record, type) and issubclass(record, Layer)):
        raise UsageError(f'unknown kind of layer {kind!r}')
    fields['sources'] = tuple(fields.get('sources', ()))
    layer = record(**fields)
    assert isinstance(layer, Layer)
    return layer


def _shape_after(layer: Layer, inputs: list[Shape]) -> Shape:
    """Return the shape a layer gives; UsageError where its inputs do not fit."""
    shape = inputs[0]
    match layer:
        case Convolution(n_in=n_in) if len(shape) == 3 and shape[2] == n_in:
            return _convolved(layer, shape)
        case MaxPool(size=size) | SumPool(size=size) if len(shape) == 3:
            hanging = size - 1 if isinstance(layer, SumPool) else 0
            return ((shape[0] + hanging) // size, (shape[1] + hanging) // size, shape[2])
        case Dense(n_in=n_in) | Projection(n_in=n_in) | Head(n_in=n_in) if (
            sum(map(math.prod, inputs)) == n_in
        ):
            return (layer.n_classes if isinstance(layer, Head) else layer.n_out,)
        case Threshold(n=n) | Quantize(n=n) if shape[-1] == n:
            return shape
        case Backbone(n_out=n_out) if len(shape) == 3:
            return (n_out,)
        case Add() if len(inputs) > 1 and len(set(inputs)) == 1:
            return shape
    raise UsageError(f'layer {layer.name!r} ({layer}) cannot read {inputs}')


def _convolved(layer: Convolution, shape: Shape) -> Shape:
    sides = ((side + 2 * layer.padding - layer.kernel) // layer.stride + 1 for side in shape[:2])
    height, width = sides
    if min(height, width) < 1:
        raise UsageError(f'layer {layer.name!r} has a kernel larger than its input {shape}')
    return (height, width, layer.n_out)
