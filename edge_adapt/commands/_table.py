"""Figures as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from edge_adapt.evaluation.fields import Row
from edge_adapt.evaluation.figures import Figures

HEADINGS = (
    *('segment', 'frames', 'frozen', 'adapted', 'first 64', 'after 300', 'frozen then'),
    *('alarm after', 'recovered after'),
)


def of(result: Figures) -> str:
    """Return the figures of a run: one row a segment, then the sums."""
    rows = [
        (
            segment.domain,
            str(segment.n_frames),
            percent(segment.frozen),
            percent(segment.accuracy),
            percent(segment.early),
            percent(segment.late),
            percent(segment.late_frozen),
            frames(segment.delay),
            frames(segment.recovery),
        )
        for segment in result.segments
    ]
    sums = (
        f'all {result.n_frames} frames: {percent(result.accuracy)} adapted,'
        f' {percent(result.frozen)} frozen; forgetting {points(result.forgetting)};'
        f' {_alarms(result)};'
        f' {result.n_swaps} swaps, {result.n_rollbacks} rolled back; latency p50'
        f' {number(result.latency_p50_ms)} ms, p99 {number(result.latency_p99_ms)} ms;'
        f' {result.n_dropped} frames dropped'
    )
    if result.voted is not None:
        sums += f'\nvotes over tracks, apart from adaptation: {percent(result.voted)}'
    return f'{grid(HEADINGS, rows)}\n{sums}'


def of_rows(rows: Sequence[Row]) -> str:
    """Return contenders side by side, one row each."""
    headings = (
        *('contender', 'accuracy', 'alarms', 'false', 'missed', 'alarm after'),
        *('recovered after', 'forgetting', 'updates', 'rolled back', 'evaluations', 'digest'),
    )
    cells = [
        (
            row['name'],
            percent(row['accuracy']),
            *(frames(row[name]) for name in ('n_alarms', 'false_alarms', 'missed_drifts')),
            *(_whole(row[name]) for name in ('delay_frames', 'recovery_frames')),
            points(row['forgetting']),
            *(frames(row[name]) for name in ('n_updates', 'n_rollbacks', 'n_evaluations')),
            row['digest'],
        )
        for row in rows
    ]
    return grid(headings, cells)


def _whole(value: float | None) -> str:
    return frames(None if value is None else round(value))


def _alarms(result: Figures) -> str:
    """Return how many there were; of a plain recording nobody knows which of them were right."""
    if result.false_alarms is None:
        return f'{result.n_alarms} alarms'
    return f'{result.n_alarms} alarms, {result.false_alarms} false, {result.missed} missed'


def grid(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under headings, the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = [
        '  '.join(
            text.ljust(width) if i == 0 else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (headings, ['-' * width for width in widths], *rows)
    ]
    return '\n'.join(lines)


def percent(share: float | None) -> str:
    """Return '97.5 %', or '-' where nobody knows."""
    return '-' if share is None else f'{100 * share:.1f} %'


def points(share: float | None) -> str:
    """Return '1.5 points', or '-'."""
    return '-' if share is None else f'{100 * share:.1f} points'


def number(value: float | None) -> str:
    """Return a number with two decimals, or '-'."""
    return '-' if value is None else f'{value:.2f}'


def frames(value: int | None) -> str:
    """Return a count of frames, or '-'."""
    return '-' if value is None else str(value)
