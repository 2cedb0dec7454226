"""The folder of a sweep: a file for each finished cell, each of them whole."""

from __future__ import annotations

from collections.abc import Iterable
import json
import os
from pathlib import Path

from edge_adapt.errors import UsageError
from edge_adapt.evaluation.fields import checked
from edge_adapt.sweeps.cell import Cell, Result


class Folder:
    """Keeps results. Raises UsageError where the disk refuses; what is kept stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._cells = path / 'cells'
        try:
            self._cells.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f'{path} cannot be written: {error.strerror}') from error

    def finished(self, cells: Iterable[Cell]) -> dict[str, Result]:
        """Return what is known already, key -> result; what is not whole counts for nothing."""
        found = {}
        for cell in cells:
            try:
                result = json.loads(self._file(cell).read_text())
                checked(result['row'])
            except (OSError, ValueError, KeyError, TypeError, UsageError):
                continue
            found[cell.key] = result
        return found

    def keep(self, cell: Cell, result: Result) -> None:
        """Keep a result: the file appears whole or not at all."""
        file = self._file(cell)
        text = json.dumps({'settings': dict(cell.settings), **result}, indent=1)
        self.write(file.relative_to(self.path), text)

    def write(self, name: Path | str, text: str) -> None:
        """Write a file of the folder."""
        file = self.path / name
        draft = file.with_name(f'.{file.name}.{os.getpid()}')
        try:
            draft.write_text(text)
            draft.replace(file)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise UsageError(f'{file} cannot be written: {error.strerror}') from error

    def _file(self, cell: Cell) -> Path:
        return self._cells / f'{cell.key}.json'
