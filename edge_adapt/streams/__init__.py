"""
Frames and labels without a robot: data sets shown as cards to a camera, and recorded bags.

A stream is made of segments, stretches with one kind of damage. A data-set stream is a pure
function of its arguments: two processes that make the same one see the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
from edge_adapt.images import network_input, Region
from edge_adapt.records import Array, Frame, I64, Samples, U8
import numpy as np

CLEAN = 'clean'
DAY = 'day'  # what a rendered street calls it
RECORDED = 'recorded'  # a segment of which nobody knows whether anything changed in it


@dataclass(frozen=True, slots=True)
class Segment:
    """
    Frames `start` .. `start + n_frames - 1`, damaged by `name` ('clean', 'blur+noise', ...).

    The severity goes from `first_severity` to `last_severity`, both within 0..1.
    """

    name: str
    start: int
    n_frames: int
    first_severity: float = 1.0
    last_severity: float = 1.0

    @property
    def stop(self) -> int:
        """Return the index after the last frame."""
        return self.start + self.n_frames

    @property
    def is_damaged(self) -> bool:
        """Whether something is known to be wrong with the images."""
        return self.name not in (CLEAN, DAY, RECORDED)

    def severity(self, index: int) -> float:
        """Return the severity at frame `index` of the stream."""
        share = (index - self.start) / max(1, self.n_frames - 1)
        return self.first_severity + share * (self.last_severity - self.first_severity)


class Stream(Protocol):
    """Labelled frames in order. It can be iterated again, with the same result."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return what the labels mean: a label is an index into this."""
        ...

    @property
    def region(self) -> Region:
        """Where in the camera image to look."""
        ...

    @property
    def rate_hz(self) -> float:
        """Frames a second, in the stamps and when played."""
        ...

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the stretches of the stream, in order, without gaps."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Frame]: ...


class IndexedStream(Stream, Protocol):
    """A stream whose frames can be had in any order: `stream[i]` depends on `i` alone."""

    def __getitem__(self, index: int) -> Frame: ...


@dataclass(frozen=True, slots=True)
class Pool:
    """
    A data set, or a part of it: what cards can show.

    `images` (n, size, size, 1 or 3) uint8; `labels` (n,); `tracks` (n,): images of one track
    show one object in consecutive camera frames. A camera shows each pixel `cell` pixels wide.
    """

    images: U8
    labels: I64
    tracks: I64
    cell: int = 1

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Array) -> Pool:
        """Return the images at `indices` (integers or a mask)."""
        return Pool(self.images[indices], self.labels[indices], self.tracks[indices], self.cell)

    def samples(self, input_shape: tuple[int, int, int]) -> Samples:
        """Return what a network sees of each image: the same bytes as through the camera."""
        shape = (len(self), *input_shape)
        if shape == self.images.shape:
            return Samples(self.images, self.labels)
        seen = np.empty(shape, np.uint8)
        for i, image in enumerate(self.images):
            seen[i] = network_input(enlarge(image, self.cell), input_shape)
        return Samples(seen, self.labels)


def enlarge(image: U8, cell: int) -> U8:
    """Return (h * cell, w * cell) grey or (h * cell, w * cell, 3) RGB from (h, w, 1 or 3)."""
    size = (image.shape[1] * cell, image.shape[0] * cell)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_NEAREST), np.uint8)
