"""The one picture: accuracy over frames, frozen and adapted, with what happened on top."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.evaluation.timeline import moving_mean, Timeline
import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

matplotlib.use('Agg')

WINDOW = 50
MARKS = {
    'alarm': ('#d62728', 'v'),
    'update': ('#9467bd', 'P'),
    'refusal': ('#7f7f7f', 'x'),
    'swap': ('#2ca02c', '^'),
    'rollback': ('#ff7f0e', 's'),
}
ADAPTED, FROZEN, SHADE = '#1f77b4', '#8c8c8c', '#f4e3d0'


def draw(timeline: Timeline, path: Path, title: str) -> None:
    """Write the picture as PNG."""
    picture(timeline, title).savefig(path)


def picture(timeline: Timeline, title: str) -> Figure:
    """Return the picture: accuracy, drift statistic and latency over the same frames."""
    figure = Figure(figsize=(11, 6.2), dpi=110, layout='constrained')
    accuracy, statistic, latency = figure.subplots(
        3, 1, sharex=True, height_ratios=[3.2, 1.2, 1.0]
    )
    _accuracy(accuracy, timeline)
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


def _accuracy(axes: Axes, timeline: Timeline) -> None:
    axes.plot(
        100 * moving_mean(timeline.frozen_correct, WINDOW), color=FROZEN, lw=1.6, label='frozen'
    )
    axes.plot(
        100 * moving_mean(timeline.correct, WINDOW), color=ADAPTED, lw=2.2, label='edge_adapt'
    )
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
    axes.legend(loc='lower right', bbox_to_anchor=(1.0, 1.02), ncols=7, fontsize=9, frameon=False)


def _statistic(axes: Axes, timeline: Timeline) -> None:
    values = np.maximum(np.asarray(timeline.statistic, float), 1e-2)
    axes.semilogy(values, color='#444444', lw=1.0)
    axes.axhline(1.0, color=MARKS['alarm'][0], lw=0.9, ls='--')
    axes.set_ylabel('drift statistic\n/ threshold')


def _latency(axes: Axes, timeline: Timeline) -> None:
    values = np.asarray(timeline.latency_ms, float)
    axes.plot(values, color='#17becf', lw=0.7)
    if np.isfinite(values).any():
        axes.set_ylim(0, 1.3 * float(np.nanpercentile(values, 99.5)))
    axes.set_ylabel('latency, ms')


def _shade(axes: Axes, timeline: Timeline) -> None:
    for segment in timeline.segments:
        if segment.is_damaged:
            axes.axvspan(segment.start, segment.stop, color=SHADE, alpha=0.7, lw=0, zorder=0)
            if axes.get_subplotspec().rowspan.start == 0:  # type: ignore[union-attr]
                middle = (segment.start + segment.stop) / 2
                axes.text(middle, 3, segment.name, ha='center', fontsize=10, color='#7a5a34')
