"""A network: its input, its layers, its classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.networks import float_layers
from edge_adapt.networks import layers as integer_layers
from edge_adapt.networks._checks import check_input, check_layer, check_names, check_size
from edge_adapt.networks._shapes import shape_after
from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Scale,
    Sign,
    SlidingMax,
)
from edge_adapt.networks.layers import (
    Add,
    Backbone,
    Convolution,
    Dense,
    Head,
    Layer,
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
            shapes[layer.name] = shape_after(layer, inputs)
            check_size(layer.name, shapes[layer.name])
        return shapes

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Value name -> 'pixels', 'bits', 'sums', 'floats', 'levels' or 'logits'."""
        kinds = {INPUT: 'pixels'}
        for layer in self.layers:
            same = kinds[self.sources[layer.name][0]]
            kinds[layer.name] = _KINDS.get(type(layer), same)
            if isinstance(layer, Add) and same == 'floats':
                kinds[layer.name] = same
        return kinds

    @property
    def head(self) -> Head:
        """Return the last layer. Raises UsageError where the network does not end in a head."""
        if not self.layers or not isinstance(self.layers[-1], Head):
            raise UsageError(f'network {self.name!r} does not end in a head')
        return self.layers[-1]

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """Return the threshold layers, first to last."""
        return tuple(layer for layer in self.layers if isinstance(layer, Threshold))

    @property
    def recalibrated(self) -> tuple[Threshold | Quantize, ...]:
        """Return the layers that recalibration can move, first to last."""
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


_KINDS: dict[type[Layer], str] = {  # MaxPool and Relu give what they read
    Convolution: 'sums',
    Dense: 'sums',
    Add: 'sums',
    Threshold: 'bits',
    Sign: 'bits',
    Scale: 'floats',
    FloatConvolution: 'floats',
    DepthwiseConvolution: 'floats',
    SlidingMax: 'floats',
    GlobalMean: 'floats',
    Backbone: 'floats',
    Quantize: 'levels',
    SumPool: 'levels',
    Projection: 'levels',
    Head: 'logits',
}
_RECORDS: dict[str, object] = {**vars(integer_layers), **vars(float_layers)}


def _layer_from(entry: Mapping[str, Any]) -> Layer:
    if not isinstance(entry, dict):
        raise UsageError(f'a layer is described by its fields, got {entry!r:.80}')
    fields = dict(entry)
    kind = fields.pop('kind')
    record = _RECORDS.get(str(kind))
    if not (isinstance(record, type) and issubclass(record, Layer)):
        raise UsageError(f'unknown kind of layer {kind!r}')
    fields['sources'] = tuple(fields.get('sources', ()))
    layer = record(**fields)
    assert isinstance(layer, Layer)
    return layer
