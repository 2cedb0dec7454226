"""What happened, frame by frame: the record that figures and pictures are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
import hashlib
import json
from typing import Any

from edge_adapt.records import Array, UNKNOWN
from edge_adapt.streams import Segment
import numpy as np

KINDS = ('alarm', 'update', 'refusal', 'swap', 'rollback')


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at frame `frame`; `kind` is one of KINDS, `text` a sentence."""

    frame: int
    kind: str
    text: str


@dataclass
class Timeline:
    """
    One entry a frame: the true label, what was predicted and what the frozen network says.

    A label of -1 is unknown, a prediction of -1 was never made: a dropped frame. `statistic`
    is the drift statistic over its threshold, `latency_ms` the time from image to result, NaN
    where it was not measured. `stamps_ns`, `oracle` and `voted`, the answers of tracks, may be
    empty: nobody noted them.
    """

    segments: list[Segment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    predicted: list[int] = field(default_factory=list)
    frozen: list[int] = field(default_factory=list)
    statistic: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    stamps_ns: list[int] = field(default_factory=list)
    oracle: list[int] = field(default_factory=list)
    voted: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.labels)

    def add_event(self, frame: int, kind: str, text: str) -> None:
        """Add an event; ValueError for a kind nobody draws."""
        if kind not in KINDS:
            raise ValueError(f'kind must be one of {KINDS}, got {kind!r}')
        self.events.append(Event(frame, kind, text))

    def events_of(self, kind: str) -> list[Event]:
        """Return the events of one kind, in order."""
        return [event for event in self.events if event.kind == kind]

    @property
    def correct(self) -> Array:
        """1.0 where the prediction was right, 0.0 where not, NaN where nobody knows."""
        return hits(self.predicted, self.labels)

    @property
    def frozen_correct(self) -> Array:
        """Return the same for the frozen network."""
        return hits(self.frozen, self.labels)

    @property
    def oracle_correct(self) -> Array:
        """Return the same for the oracle; NaN everywhere where none was asked."""
        return hits(self.oracle or [UNKNOWN] * len(self.labels), self.labels)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of what was decided, frame by frame: times are not in it."""
        events = [[event.frame, event.kind] for event in self.events]
        told = json.dumps([self.predicted, self.versions, events], separators=(',', ':'))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def beside(self) -> Timeline:
        """Return an empty timeline over the same frames, which it shares with this one."""
        return Timeline(
            segments=self.segments,
            labels=self.labels,
            frozen=self.frozen,
            stamps_ns=self.stamps_ns,
            oracle=self.oracle,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def hits(predicted: Sequence[int], labels: Sequence[int]) -> Array:
    """Return 1.0, 0.0 or NaN a frame; a frame without prediction or label is NaN."""
    p, y = np.asarray(predicted, np.int64), np.asarray(labels, np.int64)
    known = (y >= 0) & (p >= 0)
    return np.where(known, (p == y).astype(float), np.nan)


def moving_mean(values: Array, window: int) -> Array:
    """Return the mean of the known values among the latest `window`; NaN where there is none."""
    known = ~np.isnan(values)
    sums = np.cumsum(np.where(known, values, 0.0))
    counts = np.cumsum(known)
    sums[window:], counts[window:] = (
        sums[window:] - sums[:-window],
        counts[window:] - counts[:-window],
    )
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
