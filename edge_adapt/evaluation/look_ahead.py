"""
The next frames, looked at together: a network takes less time for a frame when it has many.

What a network says of a frame depends on the frame and the weights alone, bit for bit in any
batch. So frames may be looked at before their turn, and contenders with the same weights share
one look; after a swap the frames that are left are looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge_adapt.pipeline.inference import Inference, Look
from edge_adapt.records import Frame, I64, U8
import numpy as np

_UNKNOWN_MS = float('nan')
_Key = tuple[type, str]  # engine and version of the weights


class LookAhead:
    """
    Some consecutive frames, and what contenders see of them.

    The first frame under each weights is looked at alone and timed, as on a robot: the time of
    cutting the image to the network's input is counted in.
    """

    def __init__(
        self, frames: Sequence[Frame], inference: Inference, clock_ns: Callable[[], int]
    ) -> None:
        self.frames, self._clock_ns = frames, clock_ns
        started_ns = clock_ns()
        self.images: U8 = np.stack([inference.input_of(frame) for frame in frames])
        self._cutting_ms = (clock_ns() - started_ns) / 1e6 / len(frames)
        self._stamps_ns = [frame.stamp_ns for frame in frames]
        self._looks: dict[_Key, tuple[int, list[Look]]] = {}
        self._latency_ms: dict[tuple[_Key, int], float] = {}

    def look(self, index: int, inference: Inference) -> tuple[Look, float]:
        """
        Return what the weights that `inference` uses make of frame `index`.

        The second value is the time in ms from image to look where it was measured, else NaN.
        """
        key = _key(inference)
        known = self._looks.get(key)
        if known is None:
            known = self._looks[key] = (index, self._look_from(index, inference))
        start, looks = known
        return looks[index - start], self._latency_ms.get((key, index), _UNKNOWN_MS)

    def classes(self, inference: Inference) -> I64:
        """Return the classes of all frames, without a look at drift where none is needed."""
        start, looks = self._looks.get(_key(inference), (1, []))
        if start == 0:
            return np.array([look.observation.predicted for look in looks], np.int64)
        return inference.classes_of(self.images)

    def _look_from(self, index: int, inference: Inference) -> list[Look]:
        started_ns = self._clock_ns()
        looks = inference.look(self.images[index : index + 1], self._stamps_ns[index : index + 1])
        elapsed_ms = (self._clock_ns() - started_ns) / 1e6
        self._latency_ms[_key(inference), index] = elapsed_ms + self._cutting_ms
        if index + 1 < len(self.frames):
            looks += inference.look(self.images[index + 1 :], self._stamps_ns[index + 1 :])
        return looks


def _key(inference: Inference) -> _Key:
    return type(inference.engine), inference.version
