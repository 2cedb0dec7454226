"""`edge-adapt sweep`: many bags, many settings, one table."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
import os
from pathlib import Path
import sys
from typing import ClassVar

from edge_adapt.errors import UsageError
from edge_adapt.sweeps import running, summary
from edge_adapt.sweeps.cell import Cell, Result
from edge_adapt.sweeps.folder import Folder
from edge_adapt.sweeps.grid import cells_of, read
from tqdm import tqdm


class Sweep:
    """
    Run every combination of bags, updaters, detectors, seeds and parameters.

    SWEEP.YAML has lists: `bags` (or `schedules` of a stream), `updaters`, `detectors`, `engines`,
    `seeds`, and `parameters`, each of them a value or a list. Finished cells are kept in the
    folder: the same command again goes on where it was interrupted. In the end there is one table
    and one page. What a cell gives does not depend on where it ran.
    """

    help: ClassVar[str] = 'run many bags with many settings, resumable, on all cores or a cluster'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('file', type=Path, metavar='SWEEP.YAML')
        parser.add_argument(
            '--output', type=Path, metavar='FOLDER', help='[runs/<name of the file>]'
        )
        parser.add_argument(
            '--jobs', type=int, default=os.cpu_count() or 1, metavar='N', help='processes [all]'
        )
        parser.add_argument(
            '--cluster',
            default='',
            metavar='ADDRESS',
            help="run on Dask distributed: the scheduler's address, or local",
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Run what is not finished yet, then tell; 1 where a cell failed."""
        if arguments.jobs < 1:
            raise UsageError(f'--jobs must be >= 1, got {arguments.jobs}')
        cells = cells_of(read(arguments.file))
        folder = Folder(arguments.output or Path('runs') / arguments.file.stem)
        results = folder.finished(cells)
        missing = [cell for cell in cells if cell.key not in results]
        missing = list({cell.key: cell for cell in missing}.values())
        n_known = len(cells) - len(missing)
        if n_known:
            print(f'{n_known} of {len(cells)} cells are finished already', file=sys.stderr)
        results_to_come = running.run(missing, arguments.jobs, arguments.cluster)
        for cell, result in tqdm(
            results_to_come, total=len(missing), unit='cell', file=sys.stderr, desc='sweeping'
        ):
            results[cell.key] = result
            if 'error' not in result:
                folder.keep(cell, result)
        folder.write('table.csv', summary.csv_of(cells, results))
        folder.write('report.html', summary.page_of(arguments.file.stem, cells, results))
        print(summary.table_of(cells, results))
        print(f'table: {folder.path / "table.csv"}\nreport: {folder.path / "report.html"}')
        return _failed(cells, results)


def _failed(cells: Sequence[Cell], results: dict[str, Result]) -> int:
    errors = {cell.key: results[cell.key].get('error') for cell in cells}
    for key, error in errors.items():
        if error:
            print(f'cell {key}: {error}', file=sys.stderr)
    return int(any(errors.values()))
