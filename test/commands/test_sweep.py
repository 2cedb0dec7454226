"""`edge-adapt sweep` and `tune` as a person uses them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.sweeps import cell
import pytest

pytest.importorskip('joblib', reason='joblib is not installed')

FILE = """
schedules: ["clean:20,contrast:40"]
updaters: [row_es, frozen]
seeds: [0, 1]
"""


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'week.yaml'
    path.write_text(FILE)
    return path


def test_one_table_one_page_and_every_cell(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['sweep', str(sweep), '--jobs', '1']) == 0
    folder = sweep.parent / 'runs' / 'week'
    assert len(list((folder / 'cells').glob('*.json'))) == 4
    with (folder / 'table.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [(row['updater'], row['seed']) for row in rows] == [
        *(('row_es', '0'), ('row_es', '1'), ('frozen', '0'), ('frozen', '1'))
    ]
    assert all(0 < float(row['accuracy']) <= 1 and row['digest'] for row in rows)
    assert '4 of 4 cells' in (folder / 'report.html').read_text()
    assert 'row_es   2' in capsys.readouterr().out


def test_an_interrupted_sweep_goes_on(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[dict] = []
    real = cell.run

    def interrupted(settings: dict) -> cell.Result:
        ran.append(settings)
        if len(ran) == 3:
            raise KeyboardInterrupt
        return real(settings)

    monkeypatch.setattr(cell, 'run', interrupted)
    assert main(['sweep', str(sweep), '--jobs', '1']) == 130
    cells = sweep.parent / 'runs' / 'week' / 'cells'
    assert len(list(cells.glob('*.json'))) == 2
    next(cells.glob('*.json')).write_text('{"row": {')  # as if a disk had lost the rest
    assert main(['sweep', str(sweep), '--jobs', '1']) == 0
    assert len(ran) == 6
    assert '1 of 4 cells are finished already' in capsys.readouterr().err


def test_a_cell_that_fails_leaves_the_others(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.write_text('bags: [nowhere]\nseeds: [0]\n')
    assert main(['sweep', str(sweep), '--jobs', '1']) == 1
    assert 'there is no bag nowhere' in capsys.readouterr().err
    assert 'there is no bag nowhere' in (sweep.parent / 'runs/week/report.html').read_text()
    assert not list((sweep.parent / 'runs/week/cells').glob('*.json'))


def test_a_full_disk_is_a_sentence(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Path, 'replace', full)
    assert main(['sweep', str(sweep), '--jobs', '1']) == 2
    assert 'cannot be written: No space left on device' in capsys.readouterr().err
    assert not list((sweep.parent / 'runs/week/cells').glob('*'))


@pytest.mark.parametrize(
    ('command', 'text', 'sentence'),
    [
        ('sweep', 'x', 'must hold names and values'),
        ('sweep', 'updaters: [row_es]', 'a sweep needs bags'),
        ('tune', 'trials: 0', 'trials must be >= 1'),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    command: str, text: str, sentence: str, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip('optuna', reason='optuna is not installed')
    sweep.write_text(text)
    assert main([command, str(sweep)]) == 2
    assert sentence in capsys.readouterr().err


def test_tune_tells_the_best_and_keeps_all_trials(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip('optuna', reason='optuna is not installed')
    sweep.write_text(
        json.dumps(
            {
                'schedules': ['clean:20'],
                'trials': 2,
                'objectives': {'accuracy': 'maximize'},
                'parameters': {'label_share': {'low': 0.1, 'high': 0.5}},
            }
        )
    )
    assert main(['tune', str(sweep), '--jobs', '1']) == 0
    captured = capsys.readouterr()
    assert 'best: accuracy' in captured.out
    assert 'trial 2 of 2' in captured.err
    assert (sweep.parent / 'runs' / 'week.journal').exists()
