"""All cells of a sweep as a table for people, for programs, and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import csv
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from edge_adapt.evaluation._html import png, table
from edge_adapt.evaluation._page import CSS
from edge_adapt.evaluation.fields import FIELDS, Row
from edge_adapt.sweeps.cell import Cell, Result
from matplotlib.figure import Figure
import numpy as np

SEED = 'seed'
SHOWN = (
    *('accuracy', 'frozen_accuracy', 'delay_frames', 'false_alarms', 'missed_drifts'),
    *('recovery_frames', 'n_rollbacks', 'n_evaluations'),
)
SHARES = ('accuracy', 'frozen_accuracy')
Results = Mapping[str, Result]


def csv_of(cells: Sequence[Cell], results: Results) -> str:
    """Return one line a cell: its settings, every field of its row, its digest."""
    names = _setting_names(cells)
    clashing = set(names) & FIELDS.keys()
    fields = [name for name in FIELDS if name not in clashing]
    text = StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow([*names, *fields, 'error'])
    for cell in cells:
        result = results.get(cell.key, {})
        row = result.get('row', {})
        writer.writerow(
            [
                *(cell.settings.get(name, '') for name in names),
                *('' if row.get(name) is None else row[name] for name in fields),
                result.get('error', ''),
            ]
        )
    return text.getvalue()


def table_of(cells: Sequence[Cell], results: Results) -> str:
    """Return one line a setting, the mean over its seeds."""
    headings, rows = _means(cells, results)
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return '\n'.join(
        '  '.join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (headings, ['-' * width for width in widths], *rows)
    )


def page_of(title: str, cells: Sequence[Cell], results: Results) -> str:
    """Return a page that needs nothing else."""
    headings, rows = _means(cells, results)
    cells_text = [[escape(text) for text in row] for row in rows]
    errors = ''.join(
        f'<li>{escape(str(dict(cell.settings)))}: {escape(results[cell.key]["error"])}</li>'
        for cell in cells
        if 'error' in results.get(cell.key, {})
    )
    n_done = sum('row' in results.get(cell.key, {}) for cell in cells)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style>{CSS}</style></head><body><main>'
        f'<h1>{escape(title)}</h1><p class="lead">{n_done} of {len(cells)} cells.</p>'
        f'<section>{png(_picture(cells, results), "accuracy of each setting")}</section>'
        f'<section><h2>Settings, means over seeds</h2>{table(headings, cells_text)}</section>'
        f'{f"<section><h2>Failed</h2><ul>{errors}</ul></section>" if errors else ""}'
        '</main></body></html>\n'
    )


def _setting_names(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(name for cell in cells for name in cell.settings))


def _groups(cells: Sequence[Cell], results: Results) -> dict[tuple[str, ...], list[Row]]:
    """Return the rows of each setting, its seeds together, by the texts of what varies."""
    names = _varying(cells)
    groups: dict[tuple[str, ...], list[Row]] = {}
    for cell in cells:
        rows = groups.setdefault(tuple(_text(n, cell.settings.get(n)) for n in names), [])
        if 'row' in results.get(cell.key, {}):
            rows.append(results[cell.key]['row'])
    return groups


def _varying(cells: Sequence[Cell]) -> list[str]:
    names = [name for name in _setting_names(cells) if name != SEED]
    varying = [n for n in names if len({str(cell.settings.get(n)) for cell in cells}) > 1]
    return varying or names[:1]


def _text(name: str, value: Any) -> str:
    return Path(value).name if name == 'bag' else str(value)


def _means(cells: Sequence[Cell], results: Results) -> tuple[list[str], list[list[str]]]:
    names = _varying(cells)
    rows = [
        [*key, str(len(found)), *(_mean(name, found) for name in SHOWN)]
        for key, found in _groups(cells, results).items()
    ]
    return [*names, 'runs', *(name.replace('_', ' ') for name in SHOWN)], rows


def _mean(name: str, rows: Sequence[Row]) -> str:
    values = [row[name] for row in rows if row[name] is not None]
    if not values:
        return '-'
    scale = 100 if name in SHARES else 1
    spread = f' +- {scale * float(np.std(values)):.1f}' if len(values) > 1 else ''
    return f'{scale * float(np.mean(values)):.1f}{spread}{" %" if name in SHARES else ""}'


def _picture(cells: Sequence[Cell], results: Results) -> Figure:
    """Return accuracy, adapted and frozen, of each setting; a point a seed."""
    groups = _groups(cells, results)
    figure = Figure(figsize=(9, 1.2 + 0.32 * min(len(groups), 60)), dpi=110, layout='constrained')
    axes = figure.subplots()
    shown = list(groups.items())[:60]
    for at, (_, rows) in enumerate(shown):
        for field, colour in (('frozen_accuracy', '#8c8c8c'), ('accuracy', '#1f77b4')):
            values = [100 * row[field] for row in rows if row[field] is not None]
            axes.plot(values, [at] * len(values), 'o', color=colour, ms=6, alpha=0.7)
    axes.set_yticks(range(len(shown)), [', '.join(key) for key, _ in shown], fontsize=8)
    axes.set_xlabel('accuracy, %: adapted blue, frozen grey; a point a seed')
    axes.invert_yaxis()
    axes.grid(axis='x', alpha=0.3)
    axes.spines[['top', 'right']].set_visible(False)
    return figure
