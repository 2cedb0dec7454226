"""The one picture: accuracy over frames, frozen, adapted and oracle, with what happened on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge_adapt.evaluation.timeline import moving_mean, Timeline
from edge_adapt.records import Array
import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

matplotlib.use('Agg')

WIDE, NARROW = (11.0, 6.2), (5.0, 6.6)  # inches: for a page, for a phone
WINDOW = 50
LATENCY_WINDOW = 300  # frames of which the 99th percentile is drawn
MAX_POINTS = 2000  # of a line: more cannot be seen
MARKS = {
    'alarm': ('#d62728', 'v'),
    'update': ('#9467bd', 'P'),
    'refusal': ('#7f7f7f', 'x'),
    'swap': ('#2ca02c', '^'),
    'rollback': ('#ff7f0e', 's'),
}
ADAPTED, FROZEN, ORACLE, SHADE = '#1f77b4', '#8c8c8c', '#2f8f4e', '#f4e3d0'
OTHERS = ('#bc80bd', '#e6ab02', '#66a61e', '#a6761d', '#80b1d3', '#fb8072')


def picture(
    timelines: Mapping[str, Timeline], title: str, size: tuple[float, float] = WIDE
) -> Figure:
    """
    Return accuracy, drift statistic, latency and drops over the same frames.

    The first of the timelines (name -> record) is drawn in full, of the others the accuracy.
    """
    (name, timeline), *others = timelines.items()
    figure = Figure(figsize=size, dpi=110, layout='constrained')
    accuracy, statistic, latency = figure.subplots(
        3, 1, sharex=True, height_ratios=[3.2, 1.2, 1.0]
    )
    _accuracy(accuracy, name, timeline, others)
    _statistic(statistic, timeline)
    _latency(latency, timeline)
    for axes in (accuracy, statistic, latency):
        _shade(axes, timeline)
        axes.spines[['top', 'right']].set_visible(False)
        axes.grid(axis='y', alpha=0.25)
    latency.set_xlabel('frame')
    accuracy.set_xlim(0, max(len(timeline) - 1, 1))
    figure.suptitle(title, x=0.02, ha='left', fontsize=13)
    return figure


def _accuracy(
    axes: Axes, name: str, timeline: Timeline, others: Sequence[tuple[str, Timeline]]
) -> None:
    lines = [
        (timeline.oracle_correct, ORACLE, 1.4, 'oracle'),
        (timeline.frozen_correct, FROZEN, 1.6, 'frozen'),
        *(
            (other.correct, OTHERS[i % len(OTHERS)], 1.0, label)
            for i, (label, other) in enumerate(others)
        ),
        (timeline.correct, ADAPTED, 2.2, name),
    ]
    for correct, colour, width, label in lines:
        values = moving_mean(correct, WINDOW)
        if np.isfinite(values).any():
            axes.plot(*_thinned(100 * values), color=colour, lw=width, label=label)
    for kind, (colour, marker) in MARKS.items():
        frames = [event.frame for event in timeline.events_of(kind)]
        if frames:
            axes.plot(
                frames, [104] * len(frames), marker, color=colour, ms=8, label=kind, clip_on=False
            )
            axes.vlines(frames, 0, 104, color=colour, lw=0.7, alpha=0.5)
    axes.set_ylim(0, 108)
    axes.set_yticks(range(0, 101, 20))
    axes.set_ylabel(f'accuracy over {WINDOW} frames, %')
    if axes.lines:
        axes.legend(
            loc='lower right',
            bbox_to_anchor=(1.0, 1.02),
            ncols=max(3, round(_figure_width(axes) * 0.7)),
            fontsize=9,
            frameon=False,
        )


def _figure_width(axes: Axes) -> float:
    """Return inches."""
    return float(axes.get_figure(root=True).get_size_inches()[0])  # type: ignore[union-attr]


def _statistic(axes: Axes, timeline: Timeline) -> None:
    values = np.maximum(np.asarray(timeline.statistic, float), 1e-2)
    axes.semilogy(*_peaks(values), color='#444444', lw=1.0)
    axes.axhline(1.0, color=MARKS['alarm'][0], lw=0.9, ls='--')
    axes.set_ylabel('drift statistic\n/ threshold')


def _latency(axes: Axes, timeline: Timeline) -> None:
    """Draw the 99th percentile of the frames before each that was measured, and the drops."""
    values = np.asarray(timeline.latency_ms, float)
    measured = np.flatnonzero(np.isfinite(values))
    steps = measured[:: max(1, len(measured) // 400)]
    if len(steps):
        recent = [values[max(0, at - LATENCY_WINDOW) : at + 1] for at in steps]
        axes.plot(steps, [np.nanpercentile(part, 99) for part in recent], color='#17becf', lw=1.2)
        axes.set_ylim(0, 1.3 * float(np.nanpercentile(values, 99.5)))
    dropped = np.flatnonzero(np.asarray(timeline.predicted) < 0)
    if len(dropped):
        axes.plot(
            dropped, np.zeros(len(dropped)), '|', color=MARKS['alarm'][0], ms=9, label='dropped'
        )
        axes.legend(loc='upper right', fontsize=8, frameon=False)
    axes.set_ylabel('latency\np99, ms')


def _thinned(values: Array) -> tuple[Array, Array]:
    """Return frames and their values, evenly spaced, at most MAX_POINTS."""
    frames = np.arange(0, len(values), _stretch(values))
    return frames, values[frames]


def _peaks(values: Array) -> tuple[Array, Array]:
    """Return frames and the largest value of the stretch that begins there; no peak is lost."""
    frames = np.arange(0, len(values), _stretch(values))
    return frames, np.maximum.reduceat(values, frames) if len(values) else values


def _stretch(values: Array) -> int:
    return max(1, -(-len(values) // MAX_POINTS))


def _shade(axes: Axes, timeline: Timeline) -> None:
    for segment in timeline.segments:
        if segment.is_damaged:
            axes.axvspan(segment.start, segment.stop, color=SHADE, alpha=0.7, lw=0, zorder=0)
            if axes.get_subplotspec().rowspan.start == 0:  # type: ignore[union-attr]
                middle = (segment.start + segment.stop) / 2
                axes.text(middle, 3, segment.name, ha='center', fontsize=10, color='#7a5a34')
