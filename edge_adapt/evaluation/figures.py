"""The figures of a timeline: accuracy, delay, recovery, false alarms, forgetting, latency."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edge_adapt.evaluation.timeline import moving_mean, Timeline
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
    frozen network.
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


@dataclass(frozen=True, slots=True)
class Figures:
    """
    A whole run.

    `false_alarms` fell where nothing had changed since the alarm before; it is None, as `missed`
    is, for recordings of which nobody knows when something changed.
    """

    n_frames: int
    n_dropped: int
    accuracy: float | None
    frozen: float | None
    forgetting: float | None
    n_alarms: int
    false_alarms: int | None
    missed: int | None
    n_swaps: int
    n_rollbacks: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    segments: list[SegmentFigures]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def figures(timeline: Timeline) -> Figures:
    """Return the figures of a run."""
    correct, frozen = timeline.correct, timeline.frozen_correct
    first_alarms = [_first_alarm(timeline, segment) for segment in timeline.segments]
    segments = [
        _segment_figures(segment, alarm, correct, frozen)
        for segment, alarm in zip(timeline.segments, first_alarms, strict=True)
    ]
    changes = [i for i in range(1, len(timeline.segments)) if _differs(timeline.segments, i)]
    n_true = sum(first_alarms[i] is not None for i in changes)
    is_known = any(segment.name != RECORDED for segment in timeline.segments)
    n_alarms = len(timeline.events_of('alarm'))
    latency = np.array([value for value in timeline.latency_ms if not np.isnan(value)])
    return Figures(
        n_frames=len(timeline),
        n_dropped=sum(value < 0 for value in timeline.predicted),
        accuracy=_mean(correct),
        frozen=_mean(frozen),
        forgetting=_forgetting(segments),
        n_alarms=n_alarms,
        false_alarms=n_alarms - n_true if is_known else None,
        missed=len(changes) - n_true if is_known else None,
        n_swaps=len(timeline.events_of('swap')),
        n_rollbacks=len(timeline.events_of('rollback')),
        latency_p50_ms=float(np.percentile(latency, 50)) if latency.size else None,
        latency_p99_ms=float(np.percentile(latency, 99)) if latency.size else None,
        segments=segments,
    )


def _segment_figures(
    segment: Segment, alarm: int | None, correct: Array, frozen: Array
) -> SegmentFigures:
    mine, theirs = correct[segment.start : segment.stop], frozen[segment.start : segment.stop]
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
    )


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
