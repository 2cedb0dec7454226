"""A recipe: everything that decides how a network is trained, read from one TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
import re
import tomllib
from typing import Any

from edge_adapt.errors import UsageError

_LAYER = re.compile(r'([ibcd])(\d+)(p?)')
_KINDS = {'c': 'convolution', 'b': 'convolution', 'i': 'dense', 'd': 'dense'}


@dataclass(frozen=True, slots=True)
class LayerRecipe:
    """One hidden layer: `kind` is convolution (3x3) or dense; a pool of 2 may follow."""

    kind: str
    n_out: int
    pooled: bool


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a training image may be moved; drawn evenly between minus and plus the value."""

    rotation_degrees: float = 0.0
    scale: float = 0.0  # 0.12 is 88 to 112 %
    shift_pixels: float = 0.0
    gain_octaves: float = 0.0  # the image is multiplied by 2 ** gain
    offset: float = 0.0  # and moved, in grey levels of 0..255
    mirrored: bool = False  # left and right exchanged in half of the images


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    How a network is trained.

    `layers` lists the hidden layers: the first reads 8-bit pixels with int8 weights (`c64`:
    3x3 convolution, `i256`: dense), the others are binary (`b64` convolution, `d128` dense); a
    `p` adds a 2x2 pool before the batch normalization. An int8 head follows.
    """

    name: str
    data: str
    input_shape: tuple[int, int, int]
    layers: tuple[LayerRecipe, ...]
    n_steps: int
    seed: int
    batch_size: int = 64
    learning_rate: float = 0.005  # at the start; a cosine brings it to 0
    label_smoothing: float = 0.0
    parts: tuple[str, ...] = ('train',)  # of the stream; 'adapt' leaves robots nothing to learn
    signed_gammas: bool = False  # half of the batch-norm gammas start at -1 (flips)
    n_recalibration_steps: int = 60
    augmentation: Augmentation = field(default_factory=Augmentation)


def load(path: Path) -> Recipe:
    """Return the recipe in `path`; UsageError for a key or a layer nobody knows."""
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f'{path} is not a recipe: {error}') from error
    augmentation = values.pop('augmentation', {})
    _check_keys(path, values, Recipe)
    _check_keys(path, augmentation, Augmentation)
    parts = values.get('parts', ['train'])
    if not isinstance(parts, list) or not parts or 'test' in parts:
        raise UsageError(f"{path} trains on parts {parts!r}: a list, without 'test'")
    values['layers'] = tuple(_layer(text) for text in values['layers'].split())
    values['input_shape'] = tuple(values['input_shape'])
    values['parts'] = tuple(parts)
    return Recipe(**values, augmentation=Augmentation(**augmentation), name=path.stem)


def _check_keys(path: Path, values: dict[str, Any], record: type[Any]) -> None:
    known = {entry.name for entry in fields(record)} - {'name', 'augmentation'}
    if unknown := sorted(set(values) - known):
        raise UsageError(f'{path} has unknown keys {unknown}; there are {sorted(known)}')


def _layer(text: str) -> LayerRecipe:
    match = _LAYER.fullmatch(text)
    if not match:
        raise UsageError(f'{text!r} is not a layer such as c64p, i256, b64 or d128')
    return LayerRecipe(_KINDS[match[1]], int(match[2]), match[3] == 'p')
