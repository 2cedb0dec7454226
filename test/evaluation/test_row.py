"""A row of a report has every field, or it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.evaluation.contest import Entry
from edge_adapt.evaluation.fields import checked, FIELDS
from edge_adapt.evaluation.row import row_of
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.networks.costs import Cost
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.streams import Segment
import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / 'docs' / 'report.md'


@pytest.fixture
def row() -> dict[str, Any]:
    timeline = Timeline(segments=[Segment('clean', 0, 100), Segment('blur', 100, 100)])
    timeline.labels += [1] * 150 + [0] * 50
    timeline.predicted += [1] * 199 + [-1]
    timeline.frozen += [1] * 200
    timeline.statistic += [0.1] * 200
    timeline.latency_ms += [2.0, float('nan')] * 100
    decision = Decision(0, 'head', True, '', 'x', 'y', n_evaluations=801, n_bytes=64, seconds=0.5)
    cost = Cost(900, 100, 30, 20, 10)
    return row_of(Entry('me', timeline, [(5, decision)], cost=cost), 2, 'abc')


def test_figures_of_a_row_can_be_counted(row: dict[str, Any]) -> None:
    assert row['accuracy'] == 150 / 199
    assert row['majority_share'] == 0.75
    assert row['clean_accuracy'] == 1.0
    assert row['throughput_hz'] == 500.0
    assert row['total_operations'] == 1000 * (199 + 801)
    assert row['total_memory_bytes'] == 50 * (199 + 801)
    assert (row['missed_drifts'], row['n_dropped'], row['learned_bytes']) == (1, 1, 64)


@pytest.mark.parametrize('name', FIELDS)
def test_a_row_with_a_field_missing_is_refused(name: str, row: dict[str, Any]) -> None:
    del row[name]
    with pytest.raises(UsageError, match=f'misses {name}'):
        checked(row)


def test_fields_nobody_knows_and_wrong_types_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match='has speed, which nobody knows'):
        checked({**row, 'speed': 1})
    with pytest.raises(UsageError, match=r"n_frames of a row must be int, got '7'"):
        checked({**row, 'n_frames': '7'})
    with pytest.raises(UsageError, match='digest of a row must be str, got None'):
        checked({**row, 'digest': None})
    with pytest.raises(UsageError, match='accuracy of a row must be float or null, got True'):
        checked({**row, 'accuracy': True})


def test_every_field_is_documented_as_it_is() -> None:
    text = DOCUMENT.read_text()
    for name, field in FIELDS.items():
        null = ' or null' if field.may_be_null else ''
        assert f'| `{name}` | {field.kind.__name__}{null} | {field.text} |' in text
