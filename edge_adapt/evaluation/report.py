"""The report: one self-contained page that a person reads, prints and sends on."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO

import cv2
from edge_adapt.evaluation._page import CSS
from edge_adapt.evaluation.figures import Figures, figures
from edge_adapt.evaluation.picture import picture
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.pipeline.ladder import Decision
from edge_adapt.records import Array, U8
from matplotlib.figure import Figure
import numpy as np

SNAPSHOT_WIDTH = 200  # pixels
MAX_CLASSES_SHOWN = 20  # of a confusion table; more would not be read
N_BINS = 40


@dataclass(frozen=True)
class Run:
    """
    What a report is made of.

    `decisions` come with the frame they were taken at; `snapshots` map frames to camera images;
    `environment` names versions; `command` repeats the run.
    """

    title: str
    timeline: Timeline
    class_names: Sequence[str]
    decisions: Sequence[tuple[int, Decision]] = ()
    snapshots: Mapping[int, U8] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ''


def html(run: Run) -> str:
    """Return the page: no script, no network, readable on a phone and in print."""
    result = figures(run.timeline)
    sections = (
        _section('', _png(picture(run.timeline, ''), 'accuracy over frames')),
        _section('Segments', _segments(result)),
        _section('Decisions', _decisions(run)),
        _section('What the camera saw when it alarmed', _snapshots(run)),
        _section('Confusion', _confusions(run)),
        _section('Latency', _latency(run.timeline)),
        _section('How to repeat it', _repeat(run)),
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(run.title)}</title><style>{CSS}</style></head><body><main>'
        f'<h1>{escape(run.title)}</h1><p class="lead">{_summary(result)}</p>'
        f'{"".join(sections)}</main></body></html>\n'
    )


def _summary(result: Figures) -> str:
    return (
        f'<b>{_percent(result.accuracy)}</b> of {result.n_frames} frames right, against'
        f' {_percent(result.frozen)} for the frozen network. {result.n_alarms} alarms,'
        f' {result.false_alarms} of them false, {result.missed} changes missed;'
        f' {result.n_swaps} swaps, {result.n_rollbacks} rolled back; {result.n_dropped} frames'
        f' dropped.'
    )


def _section(heading: str, content: str) -> str:
    if not content:
        return ''
    return f'<section>{f"<h2>{heading}</h2>" if heading else ""}{content}</section>'


def _segments(result: Figures) -> str:
    headings = (
        *('segment', 'frames', 'frozen', 'adapted', 'first 64', 'from 300 on'),
        *('alarm after', 'recovered after'),
    )
    rows = [
        (
            escape(segment.domain),
            str(segment.n_frames),
            *map(_percent, (segment.frozen, segment.accuracy, segment.early, segment.late)),
            *map(_count, (segment.delay, segment.recovery)),
        )
        for segment in result.segments
    ]
    return _table(headings, rows)


def _decisions(run: Run) -> str:
    headings = ('frame', 'rung', 'verdict', 'reason', 'evaluations', 'seconds')
    rows = [
        (
            str(frame),
            escape(decision.rung),
            '<b class="yes">accepted</b>' if decision.accepted else '<b class="no">refused</b>',
            f'<span class="text">{escape(decision.reason)}</span>',
            str(decision.n_evaluations),
            f'{decision.seconds:.2f}',
        )
        for frame, decision in run.decisions
    ]
    return _table(headings, rows) if rows else '<p>None was taken.</p>'


def _snapshots(run: Run) -> str:
    texts = {event.frame: event.text for event in run.timeline.events_of('alarm')}
    shown = [
        f'<figure><img alt="frame {frame}" src="{_jpeg(image)}">'
        f'<figcaption>frame {frame}: {escape(texts.get(frame, ""))}</figcaption></figure>'
        for frame, image in run.snapshots.items()
    ]
    return f'<div class="row">{"".join(shown)}</div>' if shown else ''


def _confusions(run: Run) -> str:
    if len(run.class_names) > MAX_CLASSES_SHOWN:
        return f'<p>{len(run.class_names)} classes are too many to show here; see the JSON.</p>'
    labels = np.asarray(run.timeline.labels)
    tables = [
        f'<figure>{_confusion(labels, np.asarray(predicted), run.class_names)}'
        f'<figcaption>{name}: true class down, answer across, % of the class</figcaption></figure>'
        for name, predicted in (
            ('frozen', run.timeline.frozen),
            ('adapted', run.timeline.predicted),
        )
    ]
    return f'<div class="row">{"".join(tables)}</div>' if (labels >= 0).any() else ''


def _confusion(labels: Array, predicted: Array, names: Sequence[str]) -> str:
    shares = 100 * confusion(labels, predicted, len(names))
    head = ''.join(f'<th>{escape(name)}</th>' for name in names)
    rows = []
    for i, name in enumerate(names):
        cells = ''.join(
            f'<td style="--share:{share:.0f}%" class="{"hit" if i == j else "miss"}">'
            f'{f"{share:.0f}" if share >= 0.5 else ""}</td>'
            for j, share in enumerate(shares[i])
        )
        rows.append(f'<tr><th>{escape(name)}</th>{cells}</tr>')
    return f'<table class="confusion"><tr><th></th>{head}</tr>{"".join(rows)}</table>'


def confusion(labels: Array, predicted: Array, n_classes: int) -> Array:
    """Return the share of each true class (rows) that got each answer, (n_classes, n_classes)."""
    known = (labels >= 0) & (predicted >= 0)
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (labels[known], predicted[known]), 1)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _latency(timeline: Timeline) -> str:
    values = np.array([value for value in timeline.latency_ms if np.isfinite(value)])
    if not values.size:
        return ''
    figure = Figure(figsize=(7, 2), dpi=110, layout='constrained')
    axes = figure.subplots()
    axes.hist(values, bins=N_BINS, range=(0, float(np.percentile(values, 99.5))))
    axes.set_xlabel('milliseconds from image to result')
    axes.set_ylabel('frames')
    axes.spines[['top', 'right']].set_visible(False)
    p50, p99 = np.percentile(values, [50, 99])
    text = (
        f'<p>Median {p50:.2f} ms, 99th percentile {p99:.2f} ms, longest {values.max():.2f} ms.</p>'
    )
    return text + _png(figure, 'histogram of latency')


def _repeat(run: Run) -> str:
    rows = [(escape(name), escape(value)) for name, value in run.environment.items()]
    return f'<pre>{escape(run.command)}</pre>{_table(("", ""), rows)}'


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = ''.join(f'<th>{heading}</th>' for heading in headings)
    body = ''.join(f'<tr>{"".join(f"<td>{cell}</td>" for cell in row)}</tr>' for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _png(figure: Figure, what: str) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format='png')
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img class="picture" alt="{what}" src="data:image/png;base64,{data}">'


def _jpeg(image: U8) -> str:
    height = round(image.shape[0] * SNAPSHOT_WIDTH / image.shape[1])
    small = cv2.resize(image, (SNAPSHOT_WIDTH, height), interpolation=cv2.INTER_AREA)
    blue_first = small if small.ndim == 2 else small[..., ::-1]
    _, data = cv2.imencode('.jpg', blue_first, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return f'data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}'


def _percent(share: float | None) -> str:
    return '-' if share is None else f'{100 * share:.1f} %'


def _count(value: int | None) -> str:
    return '-' if value is None else str(value)
