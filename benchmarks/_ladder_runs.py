"""One run of the whole ladder on a stream, beside the frozen network, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import time
from typing import Any

from edge_adapt.baselines.rdumb import Rdumb
from edge_adapt.evaluation.contender import Contender
from edge_adapt.evaluation.race import Race
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.parameters import ADAPTATION, INFERENCE
from edge_adapt.pipeline.assembly import adaptation_from, inference_from
from edge_adapt.pipeline.decisions import Decision, DOMAIN, ROLLBACK, TRIAL
from edge_adapt.records import Frame, UNKNOWN
from edge_adapt.streams import IndexedStream
from edge_adapt.streams.digits import Digits
import numpy as np

DEFAULTS = {parameter.name: parameter.default for parameter in (*INFERENCE, *ADAPTATION)}
CLOCK = time.process_time_ns


@dataclass(frozen=True)
class Run:
    """What came of one stream."""

    stream: IndexedStream
    timeline: Timeline
    decisions: list[tuple[int, Decision]]
    rdumb: Timeline | None = None

    def accuracy(self, start: int = 0, stop: int | None = None) -> tuple[float, float]:
        """Return the percentages of the adapted and of the frozen network on some frames."""
        both = self.timeline.correct, self.timeline.frozen_correct
        mine, frozen = (100 * float(np.mean(hits[start:stop])) for hits in both)
        return mine, frozen

    def proven(self) -> list[tuple[int, int]]:
        """Return the stretches from each confirmation or roll-back to the next change."""
        changes = [segment.stop for segment in self.stream.segments]
        changes += [frame for frame, d in self.decisions if d.accepted and d.rung != TRIAL]
        starts = [f for f, d in self.decisions if d.rung in (TRIAL, ROLLBACK, DOMAIN)]
        return [(start, min(c for c in changes if c > start)) for start in starts]

    def seconds(self) -> list[float]:
        """Return the processor time of what each alarm set off."""
        alarms = [event.frame for event in self.timeline.events_of('alarm')]
        spent: dict[int, float] = defaultdict(float)
        for frame, decision in self.decisions:
            spent[max((a for a in alarms if a <= frame), default=-1)] += decision.seconds
        return list(spent.values())


class Misled(Race):
    """Every fifth label that is told is wrong."""

    def _labels_to_tell(self, frames: Sequence[Frame]) -> list[int]:
        told = np.array(super()._labels_to_tell(frames))
        wrong = (told != UNKNOWN) & (self._rng.random(len(told)) < 0.2)
        told[wrong] = (told[wrong] + self._rng.integers(1, 10, len(told))[wrong]) % 10
        return [int(label) for label in told]


def run(
    schedule: str,
    seed: int,
    kind: type[Race] = Race,
    only_class: Mapping[int, int] | None = None,
    parameters: Mapping[str, Any] | None = None,
    with_rdumb: bool = False,
    **options: Any,
) -> Run:
    """Run the loop; `only_class` says which segments show one class alone."""
    stream = Digits(schedule, seed=seed)
    for number, label in (only_class or {}).items():
        segment = stream.segments[number]
        cards = np.flatnonzero(stream._pool.labels == label)
        stream._plan[segment.start : segment.stop] = np.resize(cards, segment.n_frames)
    values = {**DEFAULTS, 'seed': seed, **(parameters or {})}
    return raced(stream, values, seed, kind, with_rdumb, **options)


def raced(
    stream: IndexedStream,
    values: Mapping[str, Any],
    seed: int,
    kind: type[Race] = Race,
    with_rdumb: bool = False,
    **options: Any,
) -> Run:
    """Run the loop on a stream, with parameters by name."""
    values = {**values, 'region': ','.join(map(str, stream.region))}
    get = values.__getitem__
    adapted = Contender('adapted', inference_from(get), adaptation_from(get, CLOCK), CLOCK)
    contenders = [adapted]
    if with_rdumb:
        contenders.append(Contender('rdumb', inference_from(get), Rdumb(get, CLOCK), CLOCK))
    frozen = inference_from({**values, 'store': ''}.__getitem__)
    race = kind(contenders, frozen, seed=seed, **{'label_share': 0.0, **options})
    race.run(stream)
    other = contenders[-1].timeline if with_rdumb else None
    return Run(stream, adapted.timeline, adapted.decisions, other)
