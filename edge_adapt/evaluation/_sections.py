"""The sections of a report, each a piece of HTML; what comes from outside is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from edge_adapt.evaluation._html import (
    confusion_table,
    inline_jpeg,
    number,
    percent,
    png,
    table,
)
from edge_adapt.evaluation.fields import Row
from edge_adapt.evaluation.figures import Figures
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.evaluation.transfer import Transfer
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Array, U8
from matplotlib.figure import Figure
import numpy as np

MAX_CLASSES_SHOWN = 20  # of a confusion table; more would not be read
MAX_DECISIONS_SHOWN = 200
MAX_DOMAINS_SHOWN = 12
N_BINS = 40


def contenders(rows: Sequence[Row]) -> str:
    """Return who ran on these frames, one row each."""
    headings = (
        *('contender', 'accuracy', 'alarms', 'false', 'missed', 'alarm after', 'recovered after'),
        *('answers lost', 'forgetting', 'updates', 'refused', 'rolled back', 'evaluations'),
    )
    cells = [
        (
            escape(row['name']),
            percent(row['accuracy']),
            *(number(row[name]) for name in ('n_alarms', 'false_alarms', 'missed_drifts')),
            *(number(row[name]) for name in ('delay_frames', 'recovery_frames', 'loss_area')),
            percent(row['forgetting']),
            *(number(row[name]) for name in ('n_updates', 'n_refusals', 'n_rollbacks')),
            number(row['n_evaluations']),
        )
        for row in rows
    ]
    return table(headings, cells) if len(rows) > 1 else ''


def segments(result: Figures) -> str:
    """Return the figures of each segment."""
    headings = (
        *('segment', 'frames', 'frozen', 'adapted', 'oracle', 'first 64', 'from 300 on'),
        *('alarm after', 'recovered after', 'answers lost'),
    )
    rows = [
        (
            escape(segment.domain),
            number(segment.n_frames),
            *map(percent, (segment.frozen, segment.accuracy, segment.oracle)),
            *map(percent, (segment.early, segment.late)),
            *map(number, (segment.delay, segment.recovery, segment.loss_area)),
        )
        for segment in result.segments
    ]
    return table(headings, rows)


def decisions(taken: Sequence[tuple[int, Decision]]) -> str:
    """Return every decision with its reason."""
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
        for frame, decision in taken[:MAX_DECISIONS_SHOWN]
    ]
    if not rows:
        return '<p>None was taken.</p>'
    n_more = len(taken) - len(rows)
    return table(headings, rows) + (f'<p>{n_more} more are in the JSON.</p>' if n_more else '')


def snapshots(timeline: Timeline, images: Mapping[int, U8]) -> str:
    """Return the camera image of each alarm."""
    texts = {event.frame: event.text for event in timeline.events_of('alarm')}
    shown = [
        f'<figure><img alt="frame {frame}" src="{inline_jpeg(image)}">'
        f'<figcaption>frame {frame}: {escape(texts.get(frame, ""))}</figcaption></figure>'
        for frame, image in images.items()
    ]
    return f'<div class="row">{"".join(shown)}</div>' if shown else ''


def confusions(timeline: Timeline, names: Sequence[str]) -> str:
    """Return what was taken for what, before and after."""
    if len(names) > MAX_CLASSES_SHOWN:
        return f'<p>{len(names)} classes are too many to show here; see the JSON.</p>'
    labels = np.asarray(timeline.labels)
    tables = [
        f'<figure>{confusion_table(confusion(labels, np.asarray(answers), len(names)), names)}'
        f'<figcaption>{name}: true class down, answer across, % of the class</figcaption></figure>'
        for name, answers in (('frozen', timeline.frozen), ('adapted', timeline.predicted))
    ]
    return f'<div class="row">{"".join(tables)}</div>' if (labels >= 0).any() else ''


def confusion(labels: Array, predicted: Array, n_classes: int) -> Array:
    """Return the share of each true class (rows) that got each answer, (n_classes, n_classes)."""
    known = (labels >= 0) & (predicted >= 0)
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (labels[known], predicted[known]), 1)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def classes(result: Figures, names: Sequence[str]) -> str:
    """Return the accuracy of each class."""
    rows = [
        (
            escape(names[each.label]),
            number(each.n_frames),
            *map(percent, (each.frozen, each.accuracy, each.oracle)),
        )
        for each in result.classes
    ]
    return table(('class', 'frames', 'frozen', 'adapted', 'oracle'), rows) if rows else ''


def transfer(found: Transfer | None) -> str:
    """Return the accuracy on held-out frames of each domain after each segment."""
    if found is None or len(found.accuracy) < 3:
        return ''
    shown = found.domains[:MAX_DOMAINS_SHOWN]
    rows = [
        (
            f'segment {i}' if i else 'before the first',
            *(percent(value) for value in row[: len(shown)]),
        )
        for i, row in enumerate(found.accuracy)
    ]
    text = (
        f'<p>Forgetting {percent(found.forgetting)}, backward transfer'
        f' {percent(found.backward_transfer)}, forward transfer'
        f' {percent(found.forward_transfer)}: weights at the end of each segment, judged on'
        f' labelled frames of every domain.</p>'
    )
    return text + table(('after', *map(escape, shown)), rows)


def latency(timeline: Timeline) -> str:
    """Return the histogram of latencies; offline, one frame in some was timed."""
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
        f'<p>Median {p50:.2f} ms, 99th percentile {p99:.2f} ms, longest {values.max():.2f} ms,'
        f' of {values.size} frames that were timed, each alone.</p>'
    )
    return text + png(figure, 'histogram of latency')


def costs(rows: Sequence[Row]) -> str:
    """Return operations, memory traffic and storage: a proxy of the energy."""
    names = {
        'binary_operations': 'binary operations an image',
        'int8_operations': '8-bit operations an image',
        'memory_bytes': 'bytes moved an image',
        'storage_bytes': 'bytes stored',
        'learned_bytes': 'bytes learned',
        'total_operations': 'operations in all',
        'total_memory_bytes': 'bytes moved in all',
        'learning_seconds': 'seconds of learning',
    }
    cells = [
        (
            escape(row['name']),
            *(number(row[name], 2 if name == 'learning_seconds' else 0) for name in names),
        )
        for row in rows
    ]
    return table(('contender', *names.values()), cells)


def repeat(command: str, environment: Mapping[str, str], rows: Sequence[Row]) -> str:
    """Return the command line, the versions, and what the run should end with."""
    about = [(escape(name), escape(value)) for name, value in environment.items()]
    digests = [(f'digest of {escape(row["name"])}', escape(row['digest'])) for row in rows]
    return f'<pre>{escape(command)}</pre>{table(("", ""), about + digests)}'
