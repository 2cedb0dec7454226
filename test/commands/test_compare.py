"""Reports side by side."""

from __future__ import annotations

import json
from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.commands._files import document
from edge_adapt.evaluation.report import Run
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.streams import Segment
import pytest


def report(folder: Path, n_wrong: int) -> Path:
    timeline = Timeline(segments=[Segment('clean', 0, 100)])
    timeline.labels += [1] * 100
    timeline.predicted += [0] * n_wrong + [1] * (100 - n_wrong)
    timeline.frozen += [0] * 100
    timeline.statistic += [0.1] * 100
    timeline.latency_ms += [2.0] * 100
    folder.mkdir()
    run = Run('a run', timeline, ('no', 'yes'))
    (folder / 'report.json').write_text(json.dumps(document(run)))
    return folder


def test_one_column_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(report(tmp_path / name, n)) for name, n in (('a', 10), ('b', 25))]
    assert main(['compare', *paths]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-4:] for line in lines if line.startswith('accuracy')] == [
        ['90.0', '%', '75.0', '%']
    ]
    assert [line for line in lines if line.startswith('clean, 100 frames')]


def test_figures_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(report(tmp_path / 'a', 10))
    assert main(['compare', path, '--json']) == 0
    assert json.loads(capsys.readouterr().out)[path][0]['accuracy'] == 0.9


@pytest.mark.parametrize(
    'text',
    [
        *('', '[]', '{}', '{"schema": 1}', '{"schema": 2}', '{"schema": 2, "figures": {}}'),
        *('{"schema": 2, "rows": 5}', '{"schema": 2, "rows": [], "figures": {"segments": []}}'),
    ],
)
def test_what_is_no_report_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / 'report.json'
    file.write_text(text)
    assert main(['compare', str(file)]) == 2
    assert 'is not a report' in capsys.readouterr().err


def test_a_row_with_a_field_missing_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = report(tmp_path / 'a', 10) / 'report.json'
    found = json.loads(file.read_text())
    del found['rows'][0]['storage_bytes']
    file.write_text(json.dumps(found))
    assert main(['compare', str(file)]) == 2
    assert 'a row of a report misses storage_bytes' in capsys.readouterr().err


def test_contenders_of_one_report_have_a_column_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = report(tmp_path / 'a', 10) / 'report.json'
    found = json.loads(file.read_text())
    [row] = found['rows']
    found['rows'] = [row, {**row, 'name': 'rdumb', 'accuracy': 0.5}, {**row, 'name': 'frozen'}]
    file.write_text(json.dumps(found))
    assert main(['compare', str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [f'{file}:', 'adapted', f'{file}:', 'rdumb']
    assert lines[2].split() == ['accuracy', '90.0', '%', '50.0', '%']


def test_a_report_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['compare', 'nowhere']) == 2
    assert 'there is no report nowhere' in capsys.readouterr().err
