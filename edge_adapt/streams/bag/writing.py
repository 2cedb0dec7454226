"""Streams into bags: labelled recordings with drift, for tests and for sharing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
import sqlite3

from edge_adapt import encodings
from edge_adapt.errors import UsageError
from edge_adapt.records import Frame, UNKNOWN
from edge_adapt.streams import Stream
from edge_adapt.streams.bag import notes
from edge_adapt.streams.bag._rosbags import COMPRESSIONS, RawWriter, STORAGES
import numpy as np

IMAGE_TOPIC, LABEL_TOPIC = '/image_raw', '/label'
FORMATS = ('raw', 'jpeg', 'png')
# Streams count from zero, but a stamp of zero means that nobody set it.
START_NS = 1_000_000_000_000_000_000

Progress = Callable[[Iterable[Frame], int], Iterable[Frame]]


def write(
    stream: Stream,
    path: Path,
    *,
    storage: str = 'mcap',
    compression: str = 'none',
    image_format: str = 'raw',
    schedule: str = '',
    progress: Progress = lambda frames, _: frames,
) -> int:
    """
    Write a stream into a new bag and return how many frames it has.

    `schedule`, the names of the classes and the region are noted in the bag's metadata. Raises
    UsageError where the folder exists, an option is unknown or the disk is full. The whole chunks
    of an MCAP file that were written until then can be read; a sqlite3 file is one transaction.
    """
    _check('storage', storage, STORAGES)
    _check('compression', compression, COMPRESSIONS)
    _check('image format', image_format, FORMATS)
    if (storage, compression) == ('sqlite3', 'storage'):
        raise UsageError("compression 'storage' is of MCAP files; sqlite3 has 'file' or 'message'")
    n_frames = 0
    try:
        writer = RawWriter(path, storage, compression, notes.taken(stream, schedule))
        try:
            for frame in progress(stream, len(stream)):
                _write_frame(writer, frame, stream, image_format)
                n_frames += 1
        except BaseException:
            with suppress(Exception):  # the first error is the one to tell
                writer.close()
            raise
        writer.close()
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, 'strerror', None) or str(error)
        raise UsageError(f'{path} cannot be written: {reason}, after {n_frames} frames') from error
    return n_frames


def _write_frame(writer: RawWriter, frame: Frame, stream: Stream, image_format: str) -> None:
    stamp_ns = START_NS + frame.stamp_ns
    if image_format == 'raw':
        fields = encodings.from_array(frame.image)
        fields['data'] = np.frombuffer(fields['data'], np.uint8)
        writer.write_image(IMAGE_TOPIC, stamp_ns, frame.frame_id, fields)
    else:
        format_name, data = encodings.compress(frame.image, image_format)
        packed = np.frombuffer(data, np.uint8)
        topic = f'{IMAGE_TOPIC}/compressed'
        writer.write_compressed(topic, stamp_ns, frame.frame_id, format_name, packed)
    if frame.label != UNKNOWN:
        name = stream.class_names[frame.label]
        writer.write_label(LABEL_TOPIC, stamp_ns, frame.frame_id, name)


def _check(what: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise UsageError(f'there is no {what} {value!r}; there are: {", ".join(known)}')
