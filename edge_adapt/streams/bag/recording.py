"""A recorded bag as a stream: images in the order of their stamps, with the labels of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
import heapq
from pathlib import Path
from typing import Any

from edge_adapt import encodings
from edge_adapt.errors import UsageError
from edge_adapt.images import Region
from edge_adapt.records import Frame, UNKNOWN
from edge_adapt.streams import RECORDED, Segment
from edge_adapt.streams.bag import notes
from edge_adapt.streams.bag import topics as topics_of
from edge_adapt.streams.bag._rosbags import (
    CLASSIFICATION,
    COMPRESSED_IMAGE,
    parse,
    RawMessage,
)
from edge_adapt.streams.bag.labels import class_index, LabelFile
from edge_adapt.streams.bag.notes import Notes
from edge_adapt.streams.bag.parts import Parts

# Frames wait until so many newer ones have come, for older ones and for their labels.
_WAITING = 32
_MAX_LABELS = 10_000  # that wait for their frames


@dataclass
class Tally:
    """What one reading of the bag met; `notes` says in sentences what was wrong, and how often."""

    n_messages: int = 0
    n_frames: int = 0
    n_labels: int = 0
    n_labelled: int = 0
    n_malformed: int = 0
    n_out_of_order: int = 0
    n_unknown_classes: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    def sentences(self) -> list[str]:
        """Return what a user should know, most frequent first; empty where all was well."""
        return [
            text if n == 1 else f'{text} ({n} times)' for text, n in self.notes.most_common(20)
        ]


class Recording:
    """
    The frames of a bag: a rosbag2 folder or one of its files, MCAP or sqlite3.

    Reading is one pass in constant memory. Topics are guessed where they are unique. Labels come
    from a topic of vision_msgs/Classification with the stamps of the frames, or from a CSV file;
    `class_names` says what their names mean, and is read from the bag where `edge-adapt bag make`
    made it. Whatever is malformed is counted in `tally` and left out.

    Raises UsageError where there is no bag, no image topic or more than one, no such topic, or
    where there are labels and nobody says which classes there are.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        class_names: Sequence[str] = (),
        image_topic: str = '',
        label_topic: str = '',
        label_file: str | Path = '',
    ) -> None:
        self.path = Path(path)
        self.tally = Tally()
        with Parts(self.path, self._tell) as parts:
            topics, self._about, duration_ns = parts.topics, parts.about, parts.duration_ns
        noted = self._noted(self._about)
        self._images = topics_of.image_topic(topics, image_topic)
        self._labels = None if label_file else topics_of.label_topic(topics, label_topic)
        self.class_names: tuple[str, ...] = tuple(class_names) or noted.class_names
        if (label_file or self._labels) and not self.class_names:
            raise UsageError(f'{path} has labels; the names of the classes are needed for them')
        self._file = LabelFile(Path(label_file), self.class_names) if label_file else None
        self.region: Region = noted.region
        n_seconds = max(1, duration_ns) / 1e9
        self.rate_hz = min(1000.0, max(0.1, round((len(self) - 1) / n_seconds, 1)))
        self.segments = noted.segments or (Segment(RECORDED, 0, len(self)),)

    def __len__(self) -> int:
        """Return how many image messages the bag says it has; malformed ones are among them."""
        return self._images.n_messages

    def __iter__(self) -> Iterator[Frame]:
        self.tally = tally = Tally()
        self._noted(self._about)  # what is wrong with the notes is told with every reading
        latest_ns = -1
        for stamp_ns, kind, message, label in self._in_order():
            if stamp_ns <= latest_ns:
                tally.n_out_of_order += 1
                self._tell('a frame is not newer than the one before; it is left out')
                continue
            try:
                image = _image(kind, message)
            except UsageError as error:
                self._malformed(error)
                continue
            latest_ns = stamp_ns
            tally.n_frames += 1
            tally.n_labelled += label != UNKNOWN
            yield Frame(image, stamp_ns, message.header.frame_id, label)
        self._check_use()

    def _noted(self, about: Mapping[str, str]) -> Notes:
        try:
            return notes.read(about)
        except UsageError as error:
            self._tell(str(error))
            return Notes()

    def _in_order(self) -> Iterator[tuple[int, str, Any, int]]:
        """Yield stamp, type, message, label: sorted as far as _WAITING frames reach."""
        waiting: list[tuple[int, int, str, Any]] = []
        labels: dict[int, int] = {}
        for count, (kind, message, stamp_ns) in enumerate(self._messages()):
            if kind == CLASSIFICATION:
                self._remember(message, stamp_ns, labels)
                continue
            heapq.heappush(waiting, (stamp_ns, count, kind, message))
            if len(waiting) > _WAITING:
                yield self._labelled(heapq.heappop(waiting), labels)
        while waiting:
            yield self._labelled(heapq.heappop(waiting), labels)

    def _messages(self) -> Iterator[tuple[str, Any, int]]:
        """Yield type, message and stamp of images and labels, as they were recorded."""
        kinds = {topic.name: topic.kind for topic in (self._images, self._labels) if topic}
        with Parts(self.path, self._tell) as parts:
            for raw in parts.messages(*kinds):
                self.tally.n_messages += 1
                kind = kinds[raw.topic]
                try:
                    message = parse(kind, raw.data)
                    yield kind, message, _stamp_ns(message, raw)
                except UsageError as error:
                    self._malformed(error)

    def _remember(self, message: Any, stamp_ns: int, labels: dict[int, int]) -> None:
        self.tally.n_labels += 1
        name = message.results[0].class_id if message.results else ''
        label = class_index(name, self.class_names)
        if label == UNKNOWN:
            self.tally.n_unknown_classes += 1
            self._tell(f'there is no class {name!r}; there are: {", ".join(self.class_names)}')
            return
        labels[stamp_ns] = label
        if len(labels) > _MAX_LABELS:
            labels.pop(next(iter(labels)))

    def _labelled(
        self, waiting: tuple[int, int, str, Any], labels: dict[int, int]
    ) -> tuple[int, str, Any, int]:
        stamp_ns, _, kind, message = waiting
        label = self._file.label(stamp_ns) if self._file else labels.pop(stamp_ns, UNKNOWN)
        return stamp_ns, kind, message, label

    def _check_use(self) -> None:
        """Raise UsageError where not one frame, or not one of the labels, could be used."""
        tally = self.tally
        if not tally.n_frames:
            why = '; '.join(tally.sentences()[:1]) or 'it has none'
            raise UsageError(f'no image of {self._images.name} in {self.path} can be used: {why}')
        n_given = len(self._file) if self._file else tally.n_labels
        if n_given and not tally.n_labelled:
            why = f'; {tally.sentences()[0]}' if tally.n_unknown_classes else ''
            raise UsageError(f'none of {n_given} labels belongs to a frame of {self.path}{why}')

    def _malformed(self, error: UsageError) -> None:
        self.tally.n_malformed += 1
        self._tell(f'a message is left out: {error}')

    def _tell(self, sentence: str) -> None:
        self.tally.notes[sentence] += 1


def _stamp_ns(message: Any, raw: RawMessage) -> int:
    """Return the stamp in the header; where nobody set it, the time of recording."""
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec) or raw.log_ns


def _image(kind: str, message: Any) -> Any:
    if kind == COMPRESSED_IMAGE:
        return encodings.decompress(message.format, message.data)
    return encodings.to_array(
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        is_bigendian=message.is_bigendian,
        step=message.step,
        data=message.data,
    )
