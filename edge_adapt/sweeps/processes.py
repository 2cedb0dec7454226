"""Cells in processes of this machine: the one door to joblib."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge_adapt.errors import UsageError
from edge_adapt.sweeps import cell as cells_module
from edge_adapt.sweeps.cell import Cell, Result
from joblib import delayed, Parallel
from joblib.externals.loky.process_executor import TerminatedWorkerError

MAX_DEATHS = 3  # of workers in a row, without a cell between them


def run(cells: Sequence[Cell], n_jobs: int) -> Iterator[tuple[Cell, Result]]:
    """
    Yield each cell with its result, as they finish.

    Where a worker dies, the cells it had are run again. Raises UsageError where workers keep
    dying: a machine without memory ends them.
    """
    left, n_deaths = {cell.key: cell for cell in cells}, 0
    while left:
        pool = Parallel(n_jobs, return_as='generator_unordered', batch_size=1, pre_dispatch='all')
        try:
            for key, result in pool([delayed(_one)(cell) for cell in left.values()]):
                n_deaths = 0
                yield left.pop(key), result
        except TerminatedWorkerError as error:
            n_deaths += 1
            if n_deaths == MAX_DEATHS:
                raise UsageError(
                    f'a worker process died {MAX_DEATHS} times in a row (is memory short?);'
                    f' {len(left)} cells are not finished'
                ) from error


def _one(cell: Cell) -> tuple[str, Result]:
    return cell.key, cells_module.run(cell.settings)
