"""`edge-adapt tune`: search for parameters by the figures of drift and learning."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
import os
from pathlib import Path
import sys
from typing import Any, ClassVar

from edge_adapt.errors import UsageError
from edge_adapt.sweeps import running
from edge_adapt.sweeps.grid import cells_of, read
import numpy as np


class Tune:
    """
    Search for parameters with optuna.

    TUNE.YAML has the lists of a sweep, of which every trial runs all cells, and besides
    `parameters` (a value, a list of choices, or {low: , high: }), `objectives` (fields of a
    report's row: maximize or minimize), `trials` and `seed`. Trials are kept in a file: the same
    command again goes on where it was interrupted.
    """

    help: ClassVar[str] = 'search for parameters by figures of drift and learning'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('file', type=Path, metavar='TUNE.YAML')
        parser.add_argument(
            '--storage', type=Path, metavar='FILE', help='[runs/<name of the file>.journal]'
        )
        parser.add_argument(
            '--jobs', type=int, default=os.cpu_count() or 1, metavar='N', help='processes [all]'
        )
        parser.add_argument(
            '--cluster', default='', metavar='ADDRESS', help='as for `edge-adapt sweep`'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Search, then tell the best."""
        search = running.door('search', 'optuna', 'tune')
        task = search.task_of(read(arguments.file))
        file = arguments.storage or Path('runs') / f'{arguments.file.stem}.journal'

        def judge(settings: Mapping[str, Any]) -> dict[str, float]:
            values = {**task.rest, 'parameters': settings}
            return _figures(values, task.objectives, arguments)

        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f'{file.parent} cannot be made: {error.strerror}') from error
        best = search.search(task, file, judge, lambda text: print(text, file=sys.stderr))
        print('\n'.join(f'best: {text}' for text in best))
        print(f'all trials: {file}')
        return 0


def _figures(
    values: Mapping[str, Any], objectives: Mapping[str, str], arguments: Namespace
) -> dict[str, float]:
    """Return the mean of each objective over the cells; UsageError where one failed."""
    rows = []
    for cell, result in running.run(cells_of(values), arguments.jobs, arguments.cluster):
        if 'error' in result:
            raise UsageError(f'a cell with {dict(cell.settings)} failed: {result["error"]}')
        rows.append(result['row'])
    found = {}
    for name in objectives:
        known = [row[name] for row in rows if row[name] is not None]
        if not known:
            raise UsageError(f'nobody knows {name} of these streams: it cannot be an objective')
        found[name] = float(np.mean(known))
    return found
