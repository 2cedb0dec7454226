"""
The few file operations a store is made of, so that a test can cut the power at each of them.

Nothing is safe on disk before `sync` (content) and `sync_folder` (names) have returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path


class Files:
    """The operating system's files. Every method raises OSError as the system does."""

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder, sorted; none where there is no such folder."""
        try:
            return sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return []

    def size(self, path: Path) -> int:
        return path.stat().st_size

    def read(self, path: Path, max_bytes: int) -> bytes:
        """Return at most `max_bytes` bytes of a file."""
        with path.open('rb') as file:
            return file.read(max_bytes)

    def write(self, path: Path, data: bytes) -> None:
        path.write_bytes(data)

    def append(self, path: Path, data: bytes) -> None:
        with path.open('ab') as file:
            file.write(data)

    def sync(self, path: Path) -> None:
        """Return when the content of a file is on disk."""
        _sync(path, os.O_RDWR)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in a folder are on disk."""
        _sync(folder, os.O_RDONLY | os.O_DIRECTORY)

    def rename(self, old: Path, new: Path) -> None:
        old.replace(new)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Keep other processes out; the lock ends with the process, however that ends."""
        with path.open('ab') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class ScratchFiles(Files):
    """Files that nobody wants after this process: they wait for no disk."""

    def sync(self, path: Path) -> None:
        """Return at once."""

    def sync_folder(self, folder: Path) -> None:
        """Return at once."""


def replace_file(files: Files, path: Path, data: bytes) -> None:
    """Give a file new content: after a cut at any point there is the old or the new, whole."""
    temporary = path.with_name(f'{path.name}.tmp')
    try:
        files.write(temporary, data)
        files.sync(temporary)
        files.rename(temporary, path)
    except OSError:
        files.remove(temporary)  # a full disk gets its bytes back
        raise
    files.sync_folder(path.parent)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
