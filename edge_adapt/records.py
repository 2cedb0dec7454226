"""The records that travel between rooms: frozen, made of plain values and read-only arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Array = NDArray[Any]

UNKNOWN = -1  # a label or a track that nobody told us


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One camera image.

    `image` is (height, width) grey or (height, width, 3) RGB, uint8. `label` and `track` are
    UNKNOWN on a robot; streams made from data sets know them.
    """

    image: U8
    stamp_ns: int
    frame_id: str = 'camera'
    label: int = UNKNOWN
    track: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Samples:
    """
    Network inputs to learn from: `images` (n, height, width, channels) uint8, `labels` (n,).

    A label is a class index, or UNKNOWN.
    """

    images: U8
    labels: I64

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or len(self.images) != len(self.labels):
            raise ValueError(
                f'samples need images (n, h, w, c) and as many labels, got {self.images.shape}'
                f' and {self.labels.shape}'
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Array) -> Samples:
        """Return the samples at `indices` (integers or a mask)."""
        return Samples(self.images[indices], self.labels[indices])

    @property
    def labelled(self) -> Samples:
        """Return the samples whose label is known."""
        return self.take(self.labels != UNKNOWN)


class Weights(Mapping[str, Array]):
    """
    Named tensors that belong together; `version` is the hash of their content.

    Equal content has an equal version everywhere: in the store, on a topic, in a report. The
    arrays are read-only, so weights can be shared between threads without a lock.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = {name: _read_only(arrays[name]) for name in sorted(arrays)}

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weights) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    def __repr__(self) -> str:
        return f'Weights({self.version}, {len(self)} arrays)'

    def replace(self, arrays: Mapping[str, Array]) -> Weights:
        """Return weights with some tensors exchanged or added; the others are shared."""
        return Weights({**self._arrays, **arrays})

    @cached_property
    def version(self) -> str:
        """Return 16 hexadecimal digits of the SHA-256 over names, types, shapes, values."""
        digest = hashlib.sha256()
        for name, array in self._arrays.items():
            digest.update(f'{name}:{array.dtype.str}:{array.shape};'.encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]


def _read_only(array: Array) -> Array:
    """Return `array` if nobody can write to it, else a read-only copy."""
    array = np.asarray(array)
    owner: object = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            array = array.copy()
            array.flags.writeable = False
            return array
        owner = owner.base
    return array


@dataclass(frozen=True, slots=True)
class Prediction:
    """
    What the network says of one frame.

    `scores` (n_classes,) are probabilities; `version` names the weights that gave them.
    """

    stamp_ns: int
    frame_id: str
    label: int
    scores: F32
    version: str

    @property
    def confidence(self) -> float:
        """Return the probability of the predicted class, 0..1."""
        return float(self.scores[self.label])


@dataclass(frozen=True, slots=True)
class Observation:
    """
    What a drift detector may see of one frame.

    `features` maps a feature group (`pixels`, `first_layer`, `last_layer`, `output`, ...) to a
    float32 vector; `error` is 0.0 or 1.0 where the true label is known, else None.
    """

    stamp_ns: int
    predicted: int
    features: Mapping[str, F32]
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """
    One drift event, as a detector tells it.

    `statistic` passed `threshold`; `group` is the feature group that moved most;
    `n_frames_suspected` is the detector's estimate of how many frames ago the change began.
    """

    detector: str
    stamp_ns: int
    statistic: float
    threshold: float
    group: str = ''
    n_frames_suspected: int = 0
    details: Mapping[str, str] = field(default_factory=dict)
