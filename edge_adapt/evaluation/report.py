"""The report: one self-contained page that a person reads, prints and sends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from edge_adapt.evaluation import _sections
from edge_adapt.evaluation._html import percent, picture_for
from edge_adapt.evaluation._page import CSS
from edge_adapt.evaluation.contest import Entry, ORACLE
from edge_adapt.evaluation.fields import Row
from edge_adapt.evaluation.figures import Figures, figures
from edge_adapt.evaluation.picture import NARROW, picture, WIDE
from edge_adapt.evaluation.row import row_of
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import U8
from matplotlib.figure import Figure


@dataclass(frozen=True)
class Run:
    """
    What a report is made of.

    `decisions` come with the frame they were taken at; `snapshots` map frames to camera images;
    `environment` names versions; `command` repeats the run; `entries` are all contenders, the
    first of them the one in the fields above; `model` is the digest of the network.
    """

    title: str
    timeline: Timeline
    class_names: Sequence[str]
    decisions: Sequence[tuple[int, Decision]] = ()
    snapshots: Mapping[int, U8] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ''
    entries: Sequence[Entry] = ()
    model: str = ''

    @property
    def rows(self) -> list[Row]:
        """One row a contender, checked; of a run that names none, its own."""
        entries = self.entries or [Entry('adapted', self.timeline, self.decisions)]
        return [row_of(entry, len(self.class_names), self.model) for entry in entries]

    @property
    def timelines(self) -> dict[str, Timeline]:
        """All that can be drawn, by name, the first contender first."""
        if not self.entries:
            return {'adapted': self.timeline}
        return {entry.name: entry.timeline for entry in self.entries}

    def picture(self, title: str = '', size: tuple[float, float] = WIDE) -> Figure:
        """Return the one picture of the run; frozen network and oracle are in all of them."""
        fixed = ('frozen', ORACLE)
        return picture({n: t for n, t in self.timelines.items() if n not in fixed}, title, size)


def run_of(title: str, entries: Sequence[Entry], class_names: Sequence[str], model: str) -> Run:
    """Return the run of a contest: its first entry, beside the others."""
    first = entries[0]
    return Run(
        title,
        first.timeline,
        class_names,
        first.decisions,
        first.snapshots,
        entries=entries,
        model=model,
    )


def html(run: Run) -> str:
    """Return the page: no script, no network, readable on a phone and in print."""
    result, rows = figures(run.timeline), run.rows
    transfer = run.entries[0].transfer if run.entries else None
    sections = (
        _section('', picture_for(run.picture(), run.picture(size=NARROW), 'accuracy over frames')),
        _section('Contenders', _sections.contenders(rows)),
        _section('Segments', _sections.segments(result)),
        _section('Decisions', _sections.decisions(run.decisions)),
        _section(
            'What the camera saw when it alarmed',
            _sections.snapshots(run.timeline, run.snapshots),
        ),
        _section('Confusion', _sections.confusions(run.timeline, run.class_names)),
        _section('Classes', _sections.classes(result, run.class_names)),
        _section('What was kept of each domain', _sections.transfer(transfer)),
        _section('Latency', _sections.latency(run.timeline)),
        _section('Cost', _sections.costs(rows)),
        _section('How to repeat it', _sections.repeat(run.command, run.environment, rows)),
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(run.title)}</title><style>{CSS}</style></head><body><main>'
        f'<h1>{escape(run.title)}</h1><p class="lead">{_summary(result)}</p>'
        f'{"".join(sections)}</main></body></html>\n'
    )


def _summary(result: Figures) -> str:
    alarms = f'{result.n_alarms} alarms'
    if result.false_alarms is not None:
        alarms += f', {result.false_alarms} of them false, {result.missed} changes missed'
    if result.accuracy is None:
        right = f'{result.n_frames} frames without a single label: nobody knows what was right.'
    else:
        right = (
            f'<b>{percent(result.accuracy)}</b> of {result.n_frames} frames right,'
            f' against {percent(result.frozen)} for the frozen network.'
        )
    return (
        f'{right} {alarms}; {result.n_swaps} swaps, {result.n_rollbacks} rolled back;'
        f' {result.n_dropped} frames dropped.'
    )


def _section(heading: str, content: str) -> str:
    if not content:
        return ''
    return f'<section>{f"<h2>{heading}</h2>" if heading else ""}{content}</section>'
