"""The audit record of a store: one JSON line a decision, in a file that cannot grow for ever."""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from edge_adapt.store.files import Files

MAX_BYTES = 256 << 10


class Journal:
    """
    Decisions, oldest first; each has the `number` of the state it made.

    At `max_bytes` the file becomes 'journal.old', so between one and two such lengths are kept.
    A last line that was cut short is not a decision and is passed over.
    """

    def __init__(self, files: Files, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._files, self._max_bytes = files, max_bytes
        self._path, self._old = folder / 'journal.jsonl', folder / 'journal.old.jsonl'

    def lines(self) -> list[dict[str, Any]]:
        """Return what is readable of the journal."""
        return [*self._lines_in(self._old), *self._lines_in(self._path)]

    def append(self, decision: Mapping[str, Any]) -> None:
        """Add a line; it is on disk when this returns."""
        line = json.dumps(dict(decision), sort_keys=True).encode() + b'\n'
        content = self._content(self._path)
        if len(content) + len(line) > self._max_bytes:
            self._files.rename(self._path, self._old)
            content = b''
        if content and not content.endswith(b'\n'):
            line = b'\n' + line  # after a line that a cut left unfinished
        self._files.append(self._path, line)
        self._files.sync(self._path)
        if not content:
            self._files.sync_folder(self._path.parent)

    def catch_up(self, decision: Mapping[str, Any]) -> None:
        """Add the latest decision where a cut came between it and its line."""
        numbers = [line.get('number') for line in self._lines_in(self._path)[-4:]]
        if decision and decision.get('number') not in numbers:
            self.append(decision)

    def _lines_in(self, path: Path) -> list[dict[str, Any]]:
        lines = []
        for text in self._content(path).splitlines():
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(line, dict):
                lines.append(line)
        return lines

    def _content(self, path: Path) -> bytes:
        try:
            return self._files.read(path, 2 * self._max_bytes)
        except FileNotFoundError:
            return b''
