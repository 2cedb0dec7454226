"""What the description of a network may say: it may come from a file that was made to harm."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import fields
import math
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Layer, Shape

MAX_ITEMS = 1 << 26  # of one value, for one image
_SMALL = range(1, 65)
_LEGAL: Mapping[str, Container[int]] = {
    'border': (-1, 0, 1),
    'extra_padding': range(2),
    'kernel': _SMALL,
    'n_bytes': range(1, (1 << 26) + 1),
    'padding': range(65),
    'shift': range(32),
    'size': _SMALL,
    'stride': _SMALL,
    'zero_point': range(256),
}
_ANY = range(1, (1 << 20) + 1)


def check_layer(layer: Layer) -> None:
    """Raise UsageError where a name or a number of a layer is outside its range."""
    check_names('names of layers', (layer.name, *layer.sources))
    for field in fields(layer):
        if field.name in ('name', 'sources'):
            continue
        value, legal = getattr(layer, field.name), _LEGAL.get(field.name, _ANY)
        if type(value) is not int or value not in legal:
            raise UsageError(f'{field.name} of layer {layer.name!r} is {value!r}, legal: {legal}')


def check_names(what: str, names: Sequence[Any]) -> None:
    """Raise UsageError where a name is not printable text of 1..64 characters."""
    for name in names:
        if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= 64:
            raise UsageError(f'{what} must be text of 1 to 64 characters, got {name!r:.80}')


def check_input(shape: Sequence[Any]) -> None:
    """Raise UsageError where an input shape is not three positive sizes."""
    if len(shape) != 3 or any(type(size) is not int or size not in _ANY for size in shape):
        raise UsageError(f'an input is (height, width, channels), got {shape!r:.80}')


def check_size(name: str, shape: Shape) -> None:
    """Raise UsageError where a value would be empty or larger than any memory should hold."""
    if not 1 <= math.prod(shape) <= MAX_ITEMS:
        raise UsageError(f'value {name!r} of shape {shape} must have 1 to {MAX_ITEMS} items')
