"""The one door to rosbags: raw messages out of bags and into them, and what their bytes mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from edge_adapt.errors import UsageError
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, StoragePlugin, Writer
from rosbags.typesys import get_types_from_msg, get_typestore, Stores

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
CLASSIFICATION = 'vision_msgs/msg/Classification'
FLOAT = 'std_msgs/msg/Float64'
LOG = 'rcl_interfaces/msg/Log'
_HYPOTHESIS = 'vision_msgs/msg/ObjectHypothesis'
_VISION_MSGS = {
    _HYPOTHESIS: 'string class_id\nfloat64 score',
    CLASSIFICATION: 'std_msgs/Header header\nvision_msgs/ObjectHypothesis[] results',
    'vision_msgs/msg/VisionClass': 'uint16 class_id\nstring class_name',
    'vision_msgs/msg/LabelInfo': (
        'std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold'
    ),
    'vision_msgs/msg/VisionInfo': (
        'std_msgs/Header header\nstring method\nstring database_location\nint32 database_version'
    ),
}
STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}
# How the bytes are packed: whole files, single messages, or chunks inside an MCAP file.
COMPRESSIONS = {
    'none': CompressionMode.NONE,
    'file': CompressionMode.FILE,
    'message': CompressionMode.MESSAGE,
    'storage': CompressionMode.STORAGE,
}


class Topic(NamedTuple):
    """One topic of a bag, and how many messages the bag says it has."""

    name: str
    kind: str
    n_messages: int


class RawMessage(NamedTuple):
    """A message as it lies in the bag; `log_ns` is when it was recorded."""

    topic: str
    log_ns: int
    data: bytes


class RawBag:
    """An open bag: a rosbag2 folder or one of its files. DamagedBagError where it is none."""

    def __init__(self, path: Path) -> None:
        self._stack = ExitStack()
        try:
            self._reader = self._stack.enter_context(Reader(path))
            self.topics = _topics(self._reader)
        except Exception as error:  # a stranger's bytes: a parser may fail in any way there is
            self._stack.close()
            raise DamagedBagError(_reason(error)) from error
        storage = self._reader.storage
        self.about: Mapping[str, str] = storage.metadata.custom or {}
        self.duration_ns = int(self._reader.duration)

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    def messages(self, *topics: str) -> Iterator[RawMessage]:
        """Yield messages of these topics as recorded, up to a DamagedBagError."""
        connections = [c for c in self._reader.connections if c.topic in topics]
        if not connections:
            return
        source = self._reader.messages(connections)
        while True:
            try:
                connection, log_ns, data = next(source)
            except StopIteration:
                return
            except Exception as error:
                raise DamagedBagError(_reason(error)) from error
            yield RawMessage(connection.topic, log_ns, data)


class DamagedBagError(Exception):
    """The bytes are not what a bag has there; the text is the reason."""


def parse(kind: str, data: bytes) -> Any:
    """Return the message in CDR bytes; UsageError where they are no such message."""
    try:
        return _typestore().deserialize_cdr(data, kind)
    except Exception as error:
        raise UsageError(f'{len(data)} bytes are no {kind}: {_reason(error)}') from error


class RawWriter:
    """A new bag of images and labels. Raises UsageError where the folder exists already."""

    def __init__(
        self, path: Path, storage: str, compression: str, about: Mapping[str, str]
    ) -> None:
        if path.exists():
            raise UsageError(f'{path} exists already; a bag is a new folder')
        self._writer = Writer(path, version=9, storage_plugin=STORAGES[storage])
        self._writer.set_compression(COMPRESSIONS[compression], CompressionFormat.ZSTD)
        for key, value in about.items():
            self._writer.set_custom_data(key, value)
        self._writer.open()
        self._connections: dict[str, Any] = {}
        self._types = _typestore().types

    def close(self) -> None:
        """Write index and metadata; where that fails, leave what was written without them."""
        try:
            self._writer.close()
        except BaseException:
            with suppress(Exception):  # the first error is the one to tell
                self._writer.abort()
            raise

    def write_image(
        self, topic: str, stamp_ns: int, frame_id: str, fields: Any, log_ns: int | None = None
    ) -> None:
        """Write a sensor_msgs/Image; `fields` are all but its header."""
        message = self._types[IMAGE](header=self._header(stamp_ns, frame_id), **fields)
        self._write(topic, IMAGE, stamp_ns if log_ns is None else log_ns, message)

    def write_compressed(
        self, topic: str, stamp_ns: int, frame_id: str, format_name: str, data: Any
    ) -> None:
        """Write a sensor_msgs/CompressedImage."""
        header = self._header(stamp_ns, frame_id)
        message = self._types[COMPRESSED_IMAGE](header=header, format=format_name, data=data)
        self._write(topic, COMPRESSED_IMAGE, stamp_ns, message)

    def write_label(self, topic: str, stamp_ns: int, frame_id: str, class_name: str) -> None:
        """Write a vision_msgs/Classification that tells the true class."""
        result = self._types[_HYPOTHESIS](class_id=class_name, score=1.0)
        header = self._header(stamp_ns, frame_id)
        message = self._types[CLASSIFICATION](header=header, results=[result])
        self._write(topic, CLASSIFICATION, stamp_ns, message)

    def write_message(self, topic: str, kind: str, stamp_ns: int, **fields: Any) -> None:
        """Write a message of any known type, of its fields."""
        self._write(topic, kind, stamp_ns, self._types[kind](**fields))

    def time(self, stamp_ns: int) -> Any:
        """Return a builtin_interfaces/Time."""
        seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
        return self._types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)

    def write_raw(self, topic: str, kind: str, log_ns: int, data: bytes | memoryview) -> None:
        """Write the CDR bytes of a message as they are; UsageError for an unknown type."""
        if topic not in self._connections:
            if kind not in self._types:
                raise UsageError(f'messages of type {kind!r} cannot be recorded: nobody knows it')
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=_typestore()
            )
        self._writer.write(self._connections[topic], log_ns, data)

    def _header(self, stamp_ns: int, frame_id: str) -> Any:
        return self._types['std_msgs/msg/Header'](stamp=self.time(stamp_ns), frame_id=frame_id)

    def _write(self, topic: str, kind: str, stamp_ns: int, message: Any) -> None:
        self.write_raw(topic, kind, stamp_ns, _typestore().serialize_cdr(message, kind))


@cache
def _typestore() -> Any:
    """Return the types of ROS 2 Jazzy, and those of vision_msgs that the nodes speak."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for kind, definition in _VISION_MSGS.items():
        store.register(get_types_from_msg(definition, kind))
    return store


def _topics(reader: Reader) -> tuple[Topic, ...]:
    """Return the topics of an open reader; one that changes its type has a Topic for each."""
    counts: dict[tuple[str, str], int] = {}
    for connection in reader.connections:
        key = (connection.topic, connection.msgtype)
        counts[key] = counts.get(key, 0) + connection.msgcount
    return tuple(Topic(*key, max(0, n)) for key, n in sorted(counts.items()))


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip('.')
    return text or type(error).__name__
