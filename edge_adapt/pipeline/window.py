"""The frames seen since the world changed, with the labels that came for them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from edge_adapt.errors import UsageError
from edge_adapt.records import Array, I64, Samples, U8, UNKNOWN
import numpy as np


@dataclass(slots=True)
class _Entry:
    image: U8
    label: int
    is_guard: bool


class Window:
    """
    Bounded memory of the latest frames, split once and for all into a training part and a guard.

    Every `guard_every`-th frame belongs to the guard and is never trained on. Only each
    `spacing`-th frame is kept: neighbours of a camera stream show the same thing. Labels are
    joined by stamp, whichever of frame and label comes first.
    """

    def __init__(self, capacity: int = 512, guard_every: int = 3, spacing: int = 1) -> None:
        for name, value, low in (('guard_every', guard_every, 2), ('spacing', spacing, 1)):
            if value < low:
                raise UsageError(f'{name} must be >= {low}, got {value}')
        self._capacity, self._guard_every, self._spacing = capacity, guard_every, spacing
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._early_labels: OrderedDict[int, int] = OrderedDict()
        self._n_seen = 0
        self._n_labels = [0, 0]  # of the training part, of the guard

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, stamp_ns: int, image: U8) -> None:
        """Keep one network input (h, w, c); the oldest is forgotten where the window is full."""
        self._n_seen += 1
        if (self._n_seen - 1) % self._spacing:
            return
        n_kept = (self._n_seen - 1) // self._spacing
        label = self._early_labels.pop(stamp_ns, UNKNOWN)
        is_guard = n_kept % self._guard_every == self._guard_every - 1
        self._forget(stamp_ns)
        self._entries[stamp_ns] = _Entry(image, label, is_guard)
        self._count(self._entries[stamp_ns], 1)
        if len(self._entries) > self._capacity:
            self._forget(next(iter(self._entries)))

    def label(self, stamp_ns: int, label: int) -> None:
        """Tell the true class of the frame with that stamp."""
        entry = self._entries.get(stamp_ns)
        if entry is not None:
            self._count(entry, -1)
            entry.label = label
            self._count(entry, 1)
            return
        self._early_labels[stamp_ns] = label
        if len(self._early_labels) > self._capacity:
            self._early_labels.popitem(last=False)

    def forget_before(self, stamp_ns: int) -> None:
        """Drop the frames with an older stamp."""
        for stamp in [stamp for stamp in self._entries if stamp < stamp_ns]:
            self._forget(stamp)

    @property
    def training(self) -> Samples:
        """Return what may be learned from, oldest first."""
        return self._part(is_guard=False)

    @property
    def guard(self) -> Samples:
        """Return what candidates are judged on, oldest first."""
        return self._part(is_guard=True)

    @property
    def samples(self) -> Samples:
        """Both parts."""
        return _samples(list(self._entries.values()))

    @property
    def stamps_ns(self) -> list[int]:
        """Return the stamps of `samples`."""
        return list(self._entries)

    @property
    def n_labels(self) -> tuple[int, int]:
        """How many frames of the training part and of the guard have a label."""
        n_training, n_guard = self._n_labels
        return n_training, n_guard

    def _forget(self, stamp_ns: int) -> None:
        entry = self._entries.pop(stamp_ns, None)
        if entry is not None:
            self._count(entry, -1)

    def _count(self, entry: _Entry, change: int) -> None:
        if entry.label != UNKNOWN:
            self._n_labels[entry.is_guard] += change

    def _part(self, is_guard: bool) -> Samples:
        return _samples([e for e in self._entries.values() if e.is_guard == is_guard])


def _samples(entries: list[_Entry]) -> Samples:
    labels: I64 = np.array([entry.label for entry in entries], np.int64)
    images: Array = np.stack([e.image for e in entries]) if entries else np.empty((0, 0, 0, 0))
    return Samples(images.astype(np.uint8, copy=False), labels)
