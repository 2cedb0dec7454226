"""What a sweep is made of: a file of lists, and the cells they span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.sweeps.cell import Cell, checked
import yaml

# What a list of the file says about each of its cells.
LISTS = {
    'bags': 'bag',
    'schedules': 'schedule',
    'updaters': 'updater',
    'detectors': 'detector',
    'engines': 'engine',
    'seeds': 'seed',
}
MAX_CELLS = 100_000


def read(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; UsageError where there is none."""
    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f'{path} cannot be read: {error}') from error
    if not isinstance(values, dict):
        raise UsageError(f'{path} must hold names and values, as in `updaters: [row_es]`')
    return values


def cells_of(values: Mapping[str, Any]) -> list[Cell]:
    """
    Return every combination of the lists, bags slowest, seeds before `parameters`.

    Raises UsageError for names and values nobody knows, and where there is nothing to run on.
    """
    unknown = values.keys() - LISTS.keys() - {'parameters'}
    if unknown:
        names = ', '.join((*LISTS, 'parameters'))
        raise UsageError(f'there is no {sorted(unknown)[0]!r} in a sweep; there are: {names}')
    parameters = values.get('parameters') or {}
    if not isinstance(parameters, dict):
        raise UsageError(f'parameters must be names and values, got {parameters!r}')
    if not values.get('bags') and not values.get('schedules'):
        raise UsageError('a sweep needs bags, or schedules of a stream')
    axes = {LISTS[name]: several(name, values[name]) for name in LISTS if name in values}
    axes |= {name: several(name, value) for name, value in parameters.items()}
    n_cells = 1
    for axis in axes.values():
        n_cells *= len(axis)
    if n_cells > MAX_CELLS:
        raise UsageError(f'{n_cells} cells are too many: at most {MAX_CELLS}')
    return [
        Cell(checked(dict(zip(axes, combination, strict=True))))
        for combination in product(*axes.values())
    ]


def several(name: str, value: Any) -> Sequence[Any]:
    """Return the values of a list, each once; one value is a list of one."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise UsageError(f'{name} is an empty list')
    return [each for i, each in enumerate(values) if each not in values[:i]]
