"""Where cells run: by name, so that a library that is not installed is a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import importlib
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.sweeps.cell import Cell, Result


def run(cells: Sequence[Cell], n_jobs: int, address: str) -> Iterator[tuple[Cell, Result]]:
    """Yield each cell with its result as they finish, in processes or on the cluster named."""
    if not cells:
        return iter(())
    if address:
        module = door('cluster', 'distributed', '--cluster')
        results: Iterator[tuple[Cell, Result]] = module.run(cells, n_jobs, address)
    else:
        results = door('processes', 'joblib', 'a sweep').run(cells, n_jobs)
    return results


def door(name: str, package: str, what: str) -> Any:
    """Return module `name` of this room; UsageError where the package behind it is missing."""
    try:
        return importlib.import_module(f'edge_adapt.sweeps.{name}')
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise UsageError(
            f'{what} needs the Python package {package!r}, which is not installed:'
            f" pip install 'edge_adapt[sweep]'"
        ) from error
