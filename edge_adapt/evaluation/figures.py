"""The figures of a timeline: accuracy, delay, recovery, false alarms, forgetting, latency."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from edge_adapt.evaluation.timeline import hits, moving_mean, Timeline
from edge_adapt.records import Array
from edge_adapt.streams import RECORDED, Segment
import numpy as np

EARLY = 64  # frames after a change in which nothing can be known yet
LATE = 300  # frames after which the robot should be itself again
WINDOW = 100
MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class SegmentFigures:
    """
    One segment. Accuracies are shares in 0..1; None where too few frames were seen.

    `delay` is the frames from the change to the first alarm, `recovery` the frames until the
    EARLY frames that follow are within MARGIN of what the segment ends with and not below the
    frozen network. `loss_area` is the area under the loss: the right answers that the segment
    cost, against the accuracy of the last WINDOW frames of the first segment.
    """

    domain: str
    n_frames: int
    accuracy: float | None
    frozen: float | None
    early: float | None
    early_frozen: float | None
    late: float | None
    late_frozen: float | None
    after_early: float | None
    delay: int | None
    recovery: int | None
    loss_area: float | None
    oracle: float | None


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class: how many frames showed it, and what share of them was right."""

    label: int
    n_frames: int
    accuracy: float
    frozen: float | None
    oracle: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """
    A whole run.

    `false_alarms` fell where nothing had changed since the alarm before; it is None, as `missed`
    and `n_changes` are, for recordings of which nobody knows when something changed. `voted` is
    the accuracy of the votes over tracks, where there were any: no adaptation, an output option.
    """

    n_frames: int
    n_dropped: int
    accuracy: float | None
    frozen: float | None
    oracle: float | None
    forgetting: float | None
    n_changes: int | None
    n_alarms: int
    false_alarms: int | None
    missed: int | None
    n_updates: int
    n_refusals: int
    n_swaps: int
    n_rollbacks: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    segments: list[SegmentFigures]
    classes: list[ClassFigures]
    voted: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def figures(timeline: Timeline) -> Figures:
    """Return the figures of a run."""
    first_alarms = [_first_alarm(timeline, segment) for segment in timeline.segments]
    segments = [
        _segment_figures(timeline, segment, alarm)
        for segment, alarm in zip(timeline.segments, first_alarms, strict=True)
    ]
    changes = [i for i in range(1, len(timeline.segments)) if _differs(timeline.segments, i)]
    n_true = sum(first_alarms[i] is not None for i in changes)
    is_known = any(segment.name != RECORDED for segment in timeline.segments)
    n_of = Counter(event.kind for event in timeline.events)
    latency = np.array([value for value in timeline.latency_ms if not np.isnan(value)])
    return Figures(
        n_frames=len(timeline),
        n_dropped=sum(value < 0 for value in timeline.predicted),
        accuracy=_mean(timeline.correct),
        frozen=_mean(timeline.frozen_correct),
        voted=_mean(hits(timeline.voted, timeline.labels)) if timeline.voted else None,
        oracle=_mean(timeline.oracle_correct),
        forgetting=_forgetting(segments),
        n_changes=len(changes) if is_known else None,
        n_alarms=n_of['alarm'],
        false_alarms=n_of['alarm'] - n_true if is_known else None,
        missed=len(changes) - n_true if is_known else None,
        n_updates=n_of['update'],
        n_refusals=n_of['refusal'],
        n_swaps=n_of['swap'],
        n_rollbacks=n_of['rollback'],
        latency_p50_ms=float(np.percentile(latency, 50)) if latency.size else None,
        latency_p99_ms=float(np.percentile(latency, 99)) if latency.size else None,
        segments=segments,
        classes=_class_figures(timeline),
    )


def _segment_figures(timeline: Timeline, segment: Segment, alarm: int | None) -> SegmentFigures:
    place = slice(segment.start, segment.stop)
    mine, theirs = timeline.correct[place], timeline.frozen_correct[place]
    stop = timeline.segments[0].stop
    first = timeline.correct[max(0, stop - WINDOW) : stop]
    tail = (
        slice(max(0, min(LATE, len(mine) - 1)), None) if len(mine) > LATE else slice(-WINDOW, None)
    )
    return SegmentFigures(
        domain=segment.name,
        n_frames=segment.n_frames,
        accuracy=_mean(mine),
        frozen=_mean(theirs),
        early=_mean(mine[:EARLY]),
        early_frozen=_mean(theirs[:EARLY]),
        late=_mean(mine[tail]),
        late_frozen=_mean(theirs[tail]),
        after_early=_mean(mine[EARLY:]),
        delay=None if alarm is None else alarm - segment.start,
        recovery=_recovery(mine, theirs),
        loss_area=_loss_area(first, mine) if segment.start else None,
        oracle=_mean(timeline.oracle_correct[place]),
    )


def _class_figures(timeline: Timeline) -> list[ClassFigures]:
    labels = np.asarray(timeline.labels, np.int64)
    found = []
    for label in np.unique(labels[labels >= 0]).tolist():
        accuracy = _mean(timeline.correct[labels == label])
        if accuracy is not None:
            frozen = _mean(timeline.frozen_correct[labels == label])
            oracle = _mean(timeline.oracle_correct[labels == label])
            n_frames = int((labels == label).sum())
            found.append(ClassFigures(label, n_frames, accuracy, frozen, oracle))
    return found


def _loss_area(first: Array, correct: Array) -> float | None:
    """Return the sum of a0 - correct over the known frames, a0 the accuracy at first."""
    level, known = _mean(first), correct[~np.isnan(correct)]
    return None if level is None or not known.size else float(np.sum(level - known))


def _recovery(mine: Array, frozen: Array) -> int | None:
    if len(mine) < 2 * EARLY:
        return None
    recent, final = moving_mean(mine, EARLY), _mean(mine[-EARLY:])
    if final is None:
        return None
    there = recent >= max(final, _mean(frozen) or 0.0) - MARGIN
    there[: EARLY - 1] = False
    return int(np.argmax(there)) - (EARLY - 1) if there.any() else None


def _forgetting(segments: list[SegmentFigures]) -> float | None:
    """
    Return the mean loss on domains that came back: first visit less the last, after EARLY frames.

    This is the forgetting of continual learning with the visits of a domain as its experiences.
    """
    visits: dict[str, list[float]] = {}
    for segment in segments:
        if segment.after_early is not None:
            visits.setdefault(segment.domain, []).append(segment.after_early)
    losses = [values[0] - values[-1] for values in visits.values() if len(values) > 1]
    return float(np.mean(losses)) if losses else None


def _first_alarm(timeline: Timeline, segment: Segment) -> int | None:
    frames = [event.frame for event in timeline.events_of('alarm')]
    return next((frame for frame in frames if segment.start <= frame < segment.stop), None)


def _differs(segments: list[Segment], i: int) -> bool:
    return segments[i].name != segments[i - 1].name


def _mean(values: Array) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
