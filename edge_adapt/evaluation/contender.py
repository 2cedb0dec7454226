"""One contender of a run: it answers every frame, learns as it goes, and keeps its own record."""

from __future__ import annotations

from collections.abc import Callable
import time

from edge_adapt.baselines import Learning
from edge_adapt.evaluation.look_ahead import LookAhead
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.pipeline.decisions import Decision, ROLLBACK
from edge_adapt.pipeline.inference import Inference
from edge_adapt.pipeline.voting import Voting
from edge_adapt.records import U8

MAX_SNAPSHOTS = 24  # images kept, however long the stream


class Contender:
    """An inference and what changes its weights. Times have no influence on any result."""

    def __init__(
        self,
        name: str,
        inference: Inference,
        learning: Learning,
        clock_ns: Callable[[], int] = time.perf_counter_ns,
        voting: Voting | None = None,
    ) -> None:
        self.name, self.inference = name, inference
        self._learning, self._clock_ns, self._voting = learning, clock_ns, voting
        self.timeline = Timeline()
        self.decisions: list[tuple[int, Decision]] = []  # with the frame it was taken at
        self.snapshots: dict[int, U8] = {}  # what the camera saw when it alarmed

    def begin(self, timeline: Timeline) -> None:
        """Start on the frames of `timeline`, which the run fills for all contenders."""
        self.timeline = timeline.beside()

    def test(self, index: int, place: int, ahead: LookAhead) -> None:
        """Answer frame `index` of the stream, which is frame `place` of those looked at."""
        frame, timeline = ahead.frames[place], self.timeline
        look, looking_ms = ahead.look(place, self.inference)
        started_ns = self._clock_ns()
        result = self.inference.conclude(frame, look)
        timeline.latency_ms.append(looking_ms + (self._clock_ns() - started_ns) / 1e6)
        timeline.predicted.append(result.prediction.label)
        if self._voting is not None:
            voted = self._voting(frame, ahead.images[place], result.prediction, look.weights)
            timeline.voted.append(voted.label)
        timeline.statistic.append(result.statistic)
        timeline.versions.append(result.prediction.version)
        if result.detection is not None:
            self._learning.on_drift(result.detection)
            timeline.add_event(index, 'alarm', f'{result.detection.group} changed')
            if len(self.snapshots) < MAX_SNAPSHOTS:
                self.snapshots[index] = frame.image
        self._learning.on_frame(frame.stamp_ns, ahead.images[place])

    def hear(self, stamp_ns: int, label: int) -> None:
        """Take the true class of a frame."""
        self._learning.on_label(stamp_ns, label)

    def learn(self, index: int) -> None:
        """Do one piece of work after frame `index`, and use what comes of it."""
        decision = self._learning.step()
        if decision is not None:
            self._note(index, decision)

    def _note(self, index: int, decision: Decision) -> None:
        self.decisions.append((index, decision))
        text = f'{decision.rung}: {decision.reason}'
        if decision.rung == ROLLBACK:
            self.timeline.add_event(index, 'rollback', text)
        elif not decision.accepted:
            self.timeline.add_event(index, 'refusal', text)
        if self.inference.version != self._learning.weights.version:
            if decision.rung != ROLLBACK:
                self.timeline.add_event(index, 'update', text)
            self.inference.use(self._learning.weights)
            self.timeline.add_event(index, 'swap', f'version {self.inference.version} runs')
