"""
Test, then train: the offline twin of the running robot.

Every frame is classified before its label may teach anything (Dawid, 1984; Gama et al., 2013).
The pipeline objects are those of the nodes; only the transport is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
import time

from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.inference import Inference
from edge_adapt.pipeline.ladder import Decision, ROLLBACK
from edge_adapt.records import Frame, U8, UNKNOWN
from edge_adapt.streams import Stream
import numpy as np

_N_BATCH = 64  # a network takes less time for a frame when it gets many at once
MAX_SNAPSHOTS = 24  # images kept, however long the stream
Progress = Callable[[Iterable[Frame], int], Iterable[Frame]]


class Prequential:
    """
    Runs a stream through inference and adaptation, beside the frozen network on the same frames.

    `label_share` of the frames have their label told, `label_delay` frames later. `seed` decides
    which. `clock_ns` times the fast path; it has no influence on any result.
    """

    def __init__(
        self,
        inference: Inference,
        adaptation: Adaptation,
        frozen: Inference,
        *,
        label_share: float,
        label_delay: int = 0,
        seed: int = 0,
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._inference, self._adaptation, self._frozen = inference, adaptation, frozen
        self._label_share, self._label_delay = label_share, label_delay
        self._rng = np.random.default_rng(seed)
        self._clock_ns = clock_ns
        self._not_yet_frozen: list[U8] = []
        self.decisions: list[tuple[int, Decision]] = []  # with the frame it was taken at
        self.snapshots: dict[int, U8] = {}  # what the camera saw when it alarmed

    def run(self, stream: Stream, progress: Progress = lambda frames, _: frames) -> Timeline:
        """Return what happened, frame by frame."""
        timeline = Timeline(segments=list(stream.segments))
        told: list[tuple[int, int]] = []  # stamp and label, in the order of the frames
        for index, frame in enumerate(progress(stream, len(stream))):
            image = self._test(index, frame, timeline)
            self._adaptation.on_frame(frame.stamp_ns, image)
            told.append((frame.stamp_ns, self._teach(frame)))
            if index >= self._label_delay:
                stamp_ns, label = told.pop(0)
                if label != UNKNOWN:
                    self._adaptation.on_label(stamp_ns, label)
            decision = self._adaptation.step()
            if decision is not None:
                self._note(index, decision, timeline)
        self._test_frozen(timeline)
        return timeline

    def _test(self, index: int, frame: Frame, timeline: Timeline) -> U8:
        """Classify a frame and return what the network saw of it."""
        started_ns = self._clock_ns()
        image = self._inference.input_of(frame)
        result = self._inference.on_input(frame, image)
        timeline.latency_ms.append((self._clock_ns() - started_ns) / 1e6)
        timeline.labels.append(frame.label)
        timeline.predicted.append(result.prediction.label)
        self._not_yet_frozen.append(image)
        if len(self._not_yet_frozen) == _N_BATCH:
            self._test_frozen(timeline)
        timeline.statistic.append(result.statistic)
        timeline.versions.append(result.prediction.version)
        if result.detection is not None:
            self._adaptation.on_drift(result.detection)
            timeline.add_event(index, 'alarm', f'{result.detection.group} changed')
            if len(self.snapshots) < MAX_SNAPSHOTS:
                self.snapshots[index] = frame.image
        return image

    def _test_frozen(self, timeline: Timeline) -> None:
        """Let the frozen network classify what it has not seen yet: nothing depends on when."""
        if self._not_yet_frozen:
            classes = self._frozen.classes_of(np.stack(self._not_yet_frozen))
            timeline.frozen.extend(classes.tolist())
            self._not_yet_frozen.clear()

    def _teach(self, frame: Frame) -> int:
        """Return the label that will be told, or UNKNOWN."""
        return frame.label if self._rng.random() < self._label_share else UNKNOWN

    def _note(self, index: int, decision: Decision, timeline: Timeline) -> None:
        self.decisions.append((index, decision))
        text = f'{decision.rung}: {decision.reason}'
        if decision.rung == ROLLBACK:
            timeline.add_event(index, 'rollback', text)
        elif not decision.accepted:
            timeline.add_event(index, 'refusal', text)
        if self._inference.version != self._adaptation.weights.version:
            if decision.rung != ROLLBACK:
                timeline.add_event(index, 'update', text)
            self._inference.use(self._adaptation.weights)
            timeline.add_event(index, 'swap', f'version {self._inference.version} runs')
