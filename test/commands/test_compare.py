"""Reports side by side."""

from __future__ import annotations

import json
from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.commands._files import write_report
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
    write_report(folder, Run('a run', timeline, ('no', 'yes')))
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
    assert json.loads(capsys.readouterr().out)[path]['accuracy'] == 0.9


@pytest.mark.parametrize(
    'text', ['', '[]', '{}', '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "figures": {}}']
)
def test_what_is_no_report_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / 'report.json'
    file.write_text(text)
    assert main(['compare', str(file)]) == 2
    assert 'is not a report' in capsys.readouterr().err


def test_a_report_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['compare', 'nowhere']) == 2
    assert 'there is no report nowhere' in capsys.readouterr().err
