"""The files of a bag, whole or damaged, as one sequence of raw messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from edge_adapt.errors import UsageError
from edge_adapt.streams.bag._rosbags import DamagedBagError, RawBag, RawMessage, Topic
from edge_adapt.streams.bag._salvage import SalvagedBag

_SUFFIXES = ('.mcap', '.db3')
_Part = RawBag | SalvagedBag


class Parts:
    """
    An open bag: a rosbag2 folder, with or without its metadata, or a single file.

    What is damaged is told to `tell`, in sentences, and the rest is used. Raises UsageError where
    nothing is there to read.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._parts = self._open(path)

    def __enter__(self) -> Parts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for _, part in self._parts:
            part.close()

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Return the topics of all files."""
        counts: dict[tuple[str, str], int] = {}
        for _, part in self._parts:
            for topic in part.topics:
                key = (topic.name, topic.kind)
                counts[key] = counts.get(key, 0) + topic.n_messages
        return tuple(Topic(*key, n) for key, n in sorted(counts.items()))

    @property
    def about(self) -> Mapping[str, str]:
        """Return what the writer of the bag noted in its metadata."""
        return self._parts[0][1].about

    @property
    def duration_ns(self) -> int:
        """Return the time between first and last message, summed over files."""
        return sum(part.duration_ns for _, part in self._parts)

    def messages(self, *topics: str) -> Iterator[RawMessage]:
        """Yield the messages of these topics, file after file, in order of recording."""
        for path, part in self._parts:
            latest = RawMessage('', -1, b'')
            seen: set[str] = set()  # topics with a message at the latest time
            try:
                for message in part.messages(*topics):
                    if message.log_ns != latest.log_ns:
                        seen = set()
                    seen.add(message.topic)
                    latest = message
                    yield message
            except DamagedBagError as error:
                self._tell(f'{path.name} is damaged: {error}')
                yield from self._after(latest, seen, path, topics)

    def _after(
        self, latest: RawMessage, seen: set[str], path: Path, topics: tuple[str, ...]
    ) -> Iterator[RawMessage]:
        """Yield what can be salvaged behind the message that was read last."""
        for file in _files(path):
            if file.suffix != '.mcap':
                continue
            try:
                salvaged = SalvagedBag(file)
            except DamagedBagError:
                continue
            for message in salvaged.messages(*topics):
                same = message.log_ns == latest.log_ns and message.topic not in seen
                if message.log_ns > latest.log_ns or same:
                    yield message
            if salvaged.n_bad_chunks:
                self._tell(f'{file.name}: {salvaged.n_bad_chunks} chunks are unreadable')

    def _open(self, path: Path) -> list[tuple[Path, _Part]]:
        if not path.exists():
            raise UsageError(f'there is no bag {path}')
        files = _files(path)
        if not files:
            raise UsageError(f'{path} is not a bag: there is no .mcap or .db3 file')
        try:
            return [(path, RawBag(path))]
        except DamagedBagError as error:
            reason = str(error)
        parts: list[tuple[Path, _Part]] = []
        for file in files:
            try:
                parts.append((file, self._open_file(file)))
            except DamagedBagError as error:
                self._tell(f'{file.name} cannot be read: {error}')
        if not parts:
            raise UsageError(f'{path} cannot be read as a bag: {reason}')
        self._tell(f'{path.name} is not complete: {reason}')
        return parts

    def _open_file(self, file: Path) -> _Part:
        try:
            return RawBag(file)
        except DamagedBagError:
            if file.suffix != '.mcap':
                raise
        return SalvagedBag(file)


def _files(path: Path) -> list[Path]:
    """Return the storage files of a bag in the order of their numbers: name_2 before name_10."""
    if path.is_file():
        return [path] if path.suffix in _SUFFIXES else []
    files = [file for file in path.iterdir() if file.suffix in _SUFFIXES]
    packed = [file for file in path.iterdir() if file.suffix == '.zstd']
    return sorted(files or packed, key=lambda file: (len(file.name), file.name))
