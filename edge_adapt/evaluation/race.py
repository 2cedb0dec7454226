"""
Test, then train: contenders side by side on one pass over a stream.

Every frame is classified before its label may teach anything (Dawid, 1984; Gama et al., 2013).
The pipeline objects are those of the nodes; only the transport is missing. What becomes of a
contender does not depend on who runs beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
import time

from edge_adapt.errors import UsageError
from edge_adapt.evaluation.contender import Contender
from edge_adapt.evaluation.look_ahead import LookAhead
from edge_adapt.evaluation.oracle import Oracle
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.evaluation.transfer import Probes
from edge_adapt.pipeline.inference import Inference
from edge_adapt.records import Frame, UNKNOWN
from edge_adapt.streams import Stream
import numpy as np

_N_AHEAD = 32  # frames looked at together
Progress = Callable[[Iterable[Frame], int], Iterable[Frame]]


class Race:
    """
    Runs a stream through all contenders, beside the frozen network and perhaps an oracle.

    `label_share` of the frames have their label told, `label_delay` frames later. `seed` decides
    which. `clock_ns` times the fast path; it has no influence on any result.
    """

    def __init__(
        self,
        contenders: Sequence[Contender],
        frozen: Inference,
        oracle: Oracle | None = None,
        *,
        label_share: float,
        label_delay: int = 0,
        seed: int = 0,
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        if len({contender.name for contender in contenders}) < len(contenders):
            raise UsageError('two contenders have one name')
        self.contenders, self._frozen, self._oracle = contenders, frozen, oracle
        self._label_share, self._label_delay = label_share, label_delay
        self._rng = np.random.default_rng(seed)
        self._clock_ns = clock_ns
        self.probes = Probes(seed)

    def run(self, stream: Stream, progress: Progress = lambda frames, _: frames) -> Timeline:
        """Run all of the stream; return what the contenders share: labels, and who learns not."""
        shared = Timeline(segments=list(stream.segments))
        for contender in self.contenders:
            contender.begin(shared)
        told: deque[tuple[int, int]] = deque()  # stamp and label, in the order of the frames
        ends = {segment.stop for segment in shared.segments}
        for frames in _together(iter(progress(stream, len(stream))), ends):
            if len(shared) in ends:
                self._end_segment()
            ahead = LookAhead(frames, self._frozen, self._clock_ns)
            labels = self._labels_to_tell(frames)
            for place, frame in enumerate(frames):
                told.append((frame.stamp_ns, labels[place]))
                self._one(len(shared) + place, place, ahead, told)
            self._note(ahead, shared)
        self._end_segment()
        if self._oracle is not None:
            shared.oracle.extend(self._oracle.answers)
        return shared

    def _one(self, index: int, place: int, ahead: LookAhead, told: deque[tuple[int, int]]) -> None:
        """Let everybody answer a frame; then tell the label whose time has come, and learn."""
        stamp_ns, label = told.popleft() if len(told) > self._label_delay else (0, UNKNOWN)
        for contender in self.contenders:
            contender.test(index, place, ahead)
            if label != UNKNOWN:
                contender.hear(stamp_ns, label)
            contender.learn(index)

    def _note(self, ahead: LookAhead, shared: Timeline) -> None:
        """Note what all contenders share of frames of one segment."""
        labels = [frame.label for frame in ahead.frames]
        self.probes.see(len(shared), shared.segments, ahead.images, labels)
        if self._oracle is not None:
            self._oracle.see(ahead.images, labels)
        shared.labels.extend(labels)
        shared.stamps_ns.extend(frame.stamp_ns for frame in ahead.frames)
        shared.frozen.extend(ahead.classes(self._frozen).tolist())

    def _end_segment(self) -> None:
        self.probes.end_segment(
            {contender.name: contender.inference.weights for contender in self.contenders}
        )
        if self._oracle is not None:
            self._oracle.finish()

    def _labels_to_tell(self, frames: Sequence[Frame]) -> list[int]:
        """Return of each frame the label that will be told, or UNKNOWN."""
        chosen = self._rng.random(len(frames)) < self._label_share
        return [
            frame.label if is_told else UNKNOWN
            for frame, is_told in zip(frames, chosen.tolist(), strict=True)
        ]


def _together(frames: Iterator[Frame], ends: Container[int]) -> Iterator[list[Frame]]:
    """Yield the frames in lists of up to _N_AHEAD, none of them beyond the end of a segment."""
    some: list[Frame] = []
    for index, frame in enumerate(frames):
        if some and (len(some) == _N_AHEAD or index in ends):
            yield some
            some = []
        some.append(frame)
    if some:
        yield some
