"""`edge-adapt compare`: reports side by side."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
import json
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from edge_adapt.commands import _table
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.fields import checked, Row, SCHEMA

MAX_BYTES = 256 << 20
WITHOUT_COLUMN = ('frozen', 'oracle')  # the others have them in a line

# Field of a row, and how it is shown.
LINES = (
    ('accuracy', _table.percent),
    ('frozen_accuracy', _table.percent),
    ('oracle_accuracy', _table.percent),
    ('clean_accuracy', _table.percent),
    ('forgetting', _table.points),
    ('forward_transfer', _table.points),
    ('n_alarms', _table.frames),
    ('false_alarms', _table.frames),
    ('missed_drifts', _table.frames),
    ('delay_frames', _table.number),
    ('recovery_frames', _table.number),
    ('loss_area', _table.number),
    ('n_updates', _table.frames),
    ('n_rollbacks', _table.frames),
    ('n_evaluations', _table.frames),
    ('learned_bytes', _table.frames),
    ('total_operations', _table.frames),
    ('total_memory_bytes', _table.frames),
    ('latency_p50_ms', _table.number),
    ('latency_p99_ms', _table.number),
    ('n_dropped', _table.frames),
    ('digest', str),
)


class Report(NamedTuple):
    """What is compared: the rows, and the segments of the first contender."""

    rows: list[Row]
    segments: Sequence[Mapping[str, Any]]


class Compare:
    """
    Lay the figures of several reports side by side, one column a contender.

    Reports are folders (or report.json files) that `evaluate --report` and `replay --report` left.
    Runs over different segments are compared by their sums only.
    """

    help: ClassVar[str] = 'lay the figures of several reports side by side'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('reports', type=Path, nargs='+', metavar='REPORT')
        parser.add_argument('--json', action='store_true', help='print the rows as JSON')

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Read, then print."""
        reports = {str(path): _report(path) for path in arguments.reports}
        if arguments.json:
            print(json.dumps({path: report.rows for path, report in reports.items()}, indent=2))
        else:
            print(_side_by_side(reports))
        return 0


def _report(path: Path) -> Report:
    """Return what is in a report; UsageError where it is none."""
    file = path / 'report.json' if path.is_dir() else path
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UsageError(f'{file} is larger than {MAX_BYTES >> 20} MiB: that is no report')
        document = json.loads(file.read_text())
    except OSError as error:
        raise UsageError(f'there is no report {path}: {error.strerror}') from error
    except ValueError as error:
        raise UsageError(f'{file} is not a report: {error}') from error
    if not isinstance(document, dict) or document.get('schema') != SCHEMA:
        raise UsageError(f'{file} is not a report of schema {SCHEMA}')
    try:
        rows = [checked(row) for row in document['rows']]
        segments = [dict(segment) for segment in document['figures']['segments']]
    except UsageError as error:
        raise UsageError(f'{file} is not a report: {error}') from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f'{file} is not a report: it has no rows and figures') from error
    if not rows:
        raise UsageError(f'{file} is not a report: it has no rows')
    return Report(rows, segments)


def _side_by_side(reports: Mapping[str, Report]) -> str:
    columns: list[tuple[str, Row, Sequence[Mapping[str, Any]]]] = []
    for path, report in reports.items():
        shown = [row for row in report.rows if row['name'] not in WITHOUT_COLUMN]
        for i, row in enumerate(shown or report.rows[:1]):
            title = path if len(shown) < 2 else f'{path}: {row["name"]}'
            columns.append((title, row, [] if i else report.segments))
    lines: list[tuple[str, ...]] = [
        (name.replace('_', ' '), *(show(row[name]) for _, row, _ in columns))
        for name, show in LINES
    ]
    courses = {_course(report.segments) for report in reports.values()}
    if len(courses) == 1:
        for at, (domain, n_frames) in enumerate(next(iter(courses))):
            texts = (
                _table.percent(segments[at].get('accuracy')) if segments else ''
                for _, _, segments in columns
            )
            lines.append((f'{domain}, {n_frames} frames', *texts))
    return _table.grid(('', *(title for title, _, _ in columns)), lines)


def _course(segments: Sequence[Mapping[str, Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((segment.get('domain'), segment.get('n_frames')) for segment in segments)
