"""One learner, tested on every frame before it may learn from it: the offline robot."""

from __future__ import annotations

from collections.abc import Callable
import time

from edge_adapt.evaluation.contender import Contender
from edge_adapt.evaluation.race import Progress, Race
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.inference import Inference
from edge_adapt.records import U8
from edge_adapt.streams import Stream


class Prequential:
    """A race of one contender against the frozen network; the arguments are those of `Race`."""

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
        self._contender = Contender('adapted', inference, adaptation, clock_ns)
        self._race = Race(
            [self._contender],
            frozen,
            label_share=label_share,
            label_delay=label_delay,
            seed=seed,
            clock_ns=clock_ns,
        )

    @property
    def decisions(self) -> list[tuple[int, Decision]]:
        """Return what was decided, with the frame it was decided at."""
        return self._contender.decisions

    @property
    def snapshots(self) -> dict[int, U8]:
        """Return what the camera saw when it alarmed."""
        return self._contender.snapshots

    def run(self, stream: Stream, progress: Progress = lambda frames, _: frames) -> Timeline:
        """Return what happened, frame by frame."""
        self._race.run(stream, progress)
        return self._contender.timeline
