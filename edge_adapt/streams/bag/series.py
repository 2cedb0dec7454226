"""Raw messages into bags of bounded size: name, name_1, name_2, ..."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
import sqlite3

from edge_adapt.errors import UsageError
from edge_adapt.streams.bag._rosbags import RawWriter, STORAGES


class Series:
    """
    Writes raw CDR messages; a new bag begins where one would pass `max_bytes`.

    `n_messages` counts by topic. Raises UsageError where a folder exists already, the disk is
    full, or nobody knows the type of a message.
    """

    def __init__(self, path: Path, storage: str = 'mcap', max_bytes: int = 1 << 30) -> None:
        if storage not in STORAGES:
            raise UsageError(f'there is no storage {storage!r}; there are: {", ".join(STORAGES)}')
        self._path, self._storage, self._max_bytes = path, storage, max_bytes
        self.n_messages: Counter[str] = Counter()
        self.paths: list[Path] = []
        self._n_bytes = 0
        self._writer = self._next()

    def write(self, topic: str, kind: str, log_ns: int, data: bytes) -> None:
        """Write one message."""
        if self._n_bytes and self._n_bytes + len(data) > self._max_bytes:
            self.close()
            self._writer = self._next()
        try:
            self._writer.write_raw(topic, kind, log_ns, data)
        except (OSError, sqlite3.Error) as error:
            raise self._full(error) from error
        self._n_bytes += len(data)
        self.n_messages[topic] += 1

    def close(self) -> None:
        """Complete the bag in hand."""
        try:
            self._writer.close()
        except (OSError, sqlite3.Error) as error:
            raise self._full(error) from error

    def _next(self) -> RawWriter:
        number = len(self.paths)
        path = self._path.with_name(f'{self._path.name}_{number}') if number else self._path
        try:
            writer = RawWriter(path, self._storage, 'none', {})
        except (OSError, sqlite3.Error) as error:
            raise self._full(error) from error
        self.paths.append(path)
        self._n_bytes = 0
        return writer

    def _full(self, error: Exception) -> UsageError:
        reason = getattr(error, 'strerror', None) or str(error)
        n_messages = self.n_messages.total()
        return UsageError(f'{self._path} cannot be written: {reason}, after {n_messages} messages')
