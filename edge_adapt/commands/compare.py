"""`edge-adapt compare`: reports side by side."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
import json
from pathlib import Path
from typing import Any, ClassVar

from edge_adapt.commands import _table
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.fields import SCHEMA

MAX_BYTES = 256 << 20

# Figure, and how it is shown.
ROWS = (
    ('accuracy', _table.percent),
    ('frozen', _table.percent),
    ('forgetting', _table.points),
    ('n_alarms', _table.frames),
    ('false_alarms', _table.frames),
    ('missed', _table.frames),
    ('n_swaps', _table.frames),
    ('n_rollbacks', _table.frames),
    ('latency_p50_ms', _table.number),
    ('latency_p99_ms', _table.number),
    ('n_dropped', _table.frames),
)


class Compare:
    """
    Lay the figures of several reports side by side, one column a report.

    Reports are folders (or report.json files) that `evaluate --report` and `replay --report` left.
    Runs over different segments are compared by their sums only.
    """

    help: ClassVar[str] = 'lay the figures of several reports side by side'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('reports', type=Path, nargs='+', metavar='REPORT')
        parser.add_argument('--json', action='store_true', help='print the figures as JSON')

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Read, then print."""
        figures = {str(path): _figures(path) for path in arguments.reports}
        if arguments.json:
            print(json.dumps(figures, indent=2))
        else:
            print(_side_by_side(figures))
        return 0


def _figures(path: Path) -> dict[str, Any]:
    """Return the figures in a report; UsageError where it is none."""
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
    figures = document.get('figures')
    if not isinstance(figures, dict) or not isinstance(figures.get('segments'), list):
        raise UsageError(f'{file} is not a report: it has no figures')
    return figures


def _side_by_side(reports: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (name.replace('_', ' '), *(show(figures.get(name)) for figures in reports.values()))
        for name, show in ROWS
    ]
    segments = [figures['segments'] for figures in reports.values()]
    if len({_course(each) for each in segments}) == 1:
        for same in zip(*segments, strict=True):
            name = f'{same[0]["domain"]}, {same[0]["n_frames"]} frames'
            rows.append((name, *(_table.percent(segment.get('accuracy')) for segment in same)))
    return _table.grid(('', *reports), rows)


def _course(segments: Sequence[Mapping[str, Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((segment.get('domain'), segment.get('n_frames')) for segment in segments)
