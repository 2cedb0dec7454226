"""The live screen of a running graph, and the timeline that is left when it ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
import math
import sys
import time

from edge_adapt.commands._starter import OnLine, Processes
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.report import Run
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.graph import NodeSpec
from edge_adapt.nodes.monitor import Seen, Watch
from edge_adapt.pipeline.decisions import Decision, ROLLBACK
from edge_adapt.pipeline.inference import Inference
from edge_adapt.streams import IndexedStream
import numpy as np
from tqdm import tqdm

REFRESH_S = 0.2
LAST_RESULTS_S = 1.5  # what is under way when the last frame was sent
PATIENCE_S = 30.0  # without a single new frame
WINDOW = 100
TITLE = 'Digits over ROS 2: three processes, one changing world'
PLAIN_EVERY_S = 5.0  # a line where there is no terminal


def run(specs: Sequence[NodeSpec], domain: int, stream: IndexedStream, frozen: Inference) -> Run:
    """Start the nodes, watch them through the whole stream, end them, return what happened."""
    screen = Screen(len(stream))
    try:
        with (
            Watch(screen.say) as observer,
            Processes(specs, domain, _only_trouble(screen)) as processes,
        ):
            watch(processes, observer, screen, len(stream))
            seen = observer.seen
    finally:
        screen.close()
    return run_of(seen, stream, frozen)


def _only_trouble(screen: Screen) -> OnLine:
    """Return a listener that shows warnings and errors: the rest is told by the topics."""

    def on_line(name: str, text: str) -> None:
        if not text.startswith(('[INFO]', '[DEBUG]')):
            screen.say(f'{name}: {text}')

    return on_line


class Screen:
    """A progress bar with one line of status; events are printed above it."""

    def __init__(self, n_frames: int) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=n_frames,
            unit='frame',
            file=sys.stderr,
            dynamic_ncols=True,
            mininterval=REFRESH_S if self._is_terminal else PLAIN_EVERY_S,
            bar_format='{percentage:3.0f}% {bar:12} {n_fmt}/{total_fmt}  {desc}',
            ascii=None if self._is_terminal else True,
        )

    def say(self, text: str) -> None:
        """Print a line above the bar; safe from any thread."""
        tqdm.write(text, file=sys.stderr)

    def show(self, seen: Seen) -> None:
        """Redraw the status."""
        self._bar.set_description_str(status(seen), refresh=False)
        self._bar.update(len(seen.truths) - self._bar.n)

    def close(self) -> None:
        """Leave the last status on the screen."""
        self._bar.refresh()
        self._bar.close()


def status(seen: Seen) -> str:
    """Return accuracy, drift, state, version, rate, latency and drops in one line."""
    stamps = list(seen.truths)[-WINDOW:]
    judged = [seen.results[s][0] == seen.truths[s] for s in stamps if s in seen.results]
    recent = list(seen.results)[-WINDOW:]
    span_s = (recent[-1] - recent[0]) / 1e9 if len(recent) > 1 else math.nan
    latencies = [seen.results[s][1] for s in recent]
    values = (
        ('accuracy', 100 * sum(judged) / len(judged) if judged else math.nan, '5.1f', ' %'),
        ('drift', next(reversed(seen.statistics.values()), math.nan), '5.2f', ''),
        ('', seen.learning.get('state', 'starting'), '10', ''),
        ('version', seen.swaps[-1][1][:8] if seen.swaps else '-', '8', ''),
        ('', (len(recent) - 1) / span_s, '4.1f', ' fps'),
        ('p99', np.percentile(latencies, 99) if latencies else math.nan, '5.1f', ' ms'),
        ('dropped', seen.input.get('dropped', '0'), '', ''),
    )
    return '  '.join(
        f'{name} {_shown(value, form)}{unit}'.strip() for name, value, form, unit in values
    )


def _shown(value: float | str, form: str) -> str:
    """Return a value, or a dash of the same width where nobody knows it yet."""
    if isinstance(value, float) and math.isnan(value):
        return '-'.rjust(int(form.partition('.')[0]))
    return format(value, form)


def watch(processes: Processes, observer: Watch, screen: Screen, n_frames: int) -> None:
    """
    Show what happens until the last frame has been answered.

    Raises UsageError where a node ends, or no frame comes for PATIENCE_S.
    """
    n_before, since = 0, time.monotonic()
    while True:
        time.sleep(REFRESH_S)
        seen = observer.seen
        screen.show(seen)
        now = time.monotonic()
        if len(seen.truths) > n_before:
            n_before, since = len(seen.truths), now
        if n_before >= n_frames and now - since > LAST_RESULTS_S:
            return
        if processes.ended:
            nodes = ', '.join(f'{name} (status {code})' for name, code in processes.ended.items())
            raise UsageError(f'these nodes ended early: {nodes}; their last words are above')
        if now - since > PATIENCE_S:
            raise UsageError(
                f'no frame for {PATIENCE_S:.0f} s: the processes do not hear each other; see'
                ' `edge-adapt doctor`'
            )


def run_of(seen: Seen, stream: IndexedStream, frozen: Inference) -> Run:
    """Return what happened; the frozen network looks at the same frames again."""
    timeline = Timeline(segments=list(stream.segments))
    names = stream.class_names
    stamps = sorted(seen.truths)
    for index, stamp in enumerate(
        tqdm(stamps, desc='the frozen network on the same frames', leave=False, unit='frame')
    ):
        result = seen.results.get(stamp)
        timeline.labels.append(names.index(seen.truths[stamp]))
        timeline.predicted.append(-1 if result is None else names.index(result[0]))
        timeline.latency_ms.append(math.nan if result is None else result[1])
        timeline.frozen.append(frozen.on_frame(stream[index]).prediction.label)
        timeline.statistic.append(seen.statistics.get(stamp, math.nan))

    def frame_of(stamp: int) -> int:
        return max(0, bisect_right(stamps, stamp) - 1)

    decisions = [_decision(values) for values in seen.decisions]
    placed = [(frame_of(decision.stamp_ns), decision) for decision in decisions]
    for stamp, text in seen.drifts:
        timeline.add_event(frame_of(stamp), 'alarm', text)
    for frame, decision in placed:
        kind = _kind(decision)
        if kind:
            timeline.add_event(frame, kind, decision.reason)
    for stamp, version in seen.swaps[1:]:
        timeline.add_event(frame_of(stamp), 'swap', version)
    alarms = {event.frame for event in timeline.events_of('alarm')}
    snapshots = {frame: stream[frame].image for frame in sorted(alarms)}
    return Run(TITLE, timeline, names, placed, snapshots)


def _decision(values: Mapping[str, str]) -> Decision:
    """Return the decision whose values came as text."""
    return Decision(
        stamp_ns=int(values['stamp_ns']),
        rung=values['rung'],
        accepted=values['accepted'] == 'True',
        reason=values['reason'],
        base=values['base'],
        candidate=values['candidate'],
        before=float(values['before']),
        after=float(values['after']),
        n_evaluations=int(values['n_evaluations']),
        n_bytes=int(values['n_bytes']),
        seconds=float(values['seconds']),
    )


def _kind(decision: Decision) -> str:
    """Return the kind of event a decision is; '' where nothing came of it."""
    if decision.rung == ROLLBACK:
        return 'rollback'
    if not decision.accepted:
        return 'refusal'
    return 'update' if decision.candidate != decision.base else ''
