"""What can be had of a damaged MCAP file: every whole chunk up to the point where it breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from edge_adapt.streams.bag._rosbags import DamagedBagError, RawMessage, Topic
from mcap.records import Channel, Chunk, McapRecord, Message, Schema
from mcap.stream_reader import breakup_chunk, StreamReader

_MAX_RECORD_BYTES = 1 << 30


class SalvagedBag:
    """A damaged MCAP file, read from its beginning without its index."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.about: dict[str, str] = {}
        self.n_bad_chunks = 0
        counts: Counter[tuple[str, str]] = Counter()
        first_ns, last_ns = 2**64, 0
        for kind, message in self._scan():
            counts[message.topic, kind] += 1
            first_ns, last_ns = min(first_ns, message.log_ns), max(last_ns, message.log_ns)
        if not counts:
            raise DamagedBagError('not one whole message is left')
        self.topics = tuple(Topic(*key, n) for key, n in sorted(counts.items()))
        self.duration_ns = last_ns - first_ns + 1

    def close(self) -> None:
        """Do nothing: the file is only open while it is read."""

    def messages(self, *topics: str) -> Iterator[RawMessage]:
        """Yield messages of these topics, as far as they are whole, in the order of the file."""
        return (message for _, message in self._scan() if message.topic in topics)

    def _scan(self) -> Iterator[tuple[str, RawMessage]]:
        """Yield the type and the message."""
        self.n_bad_chunks = 0
        kinds: dict[int, str] = {}
        channels: dict[int, Channel] = {}
        for record in self._records():
            if isinstance(record, Schema):
                kinds[record.id] = record.name
            elif isinstance(record, Channel):
                channels[record.id] = record
            elif isinstance(record, Message) and record.channel_id in channels:
                channel = channels[record.channel_id]
                kind = kinds.get(channel.schema_id, '')
                yield kind, RawMessage(channel.topic, record.log_time, record.data)

    def _records(self) -> Iterator[McapRecord]:
        with self._path.open('rb') as file:
            reader = StreamReader(
                file, emit_chunks=True, record_size_limit=_MAX_RECORD_BYTES
            ).records
            while True:
                try:
                    record = next(reader)
                except Exception:  # noqa: BLE001 (the end, or whatever bad bytes may cause)
                    return
                if not isinstance(record, Chunk):
                    yield record
                    continue
                try:
                    inside = breakup_chunk(record, validate_crc=True)
                except Exception:  # noqa: BLE001 (compressed bytes may be bad in any way)
                    self.n_bad_chunks += 1
                    continue
                inside.sort(key=lambda r: r.log_time if isinstance(r, Message) else -1)
                yield from inside
