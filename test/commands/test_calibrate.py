"""`edge-adapt calibrate` as a person uses it."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.drift import Reference
from edge_adapt.networks.model import Model, path_of
import pytest


def test_writes_a_reference_and_says_what_to_expect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'x.reference'
    options = ['--part', 'adapt', '--frames', '300', '--draws', '500', '--interval', '5000']
    options += ['--bank', 'noise']
    assert main(['calibrate', *options, '--output', str(path)]) == 0
    said = capsys.readouterr().out
    assert 'low_contrast' in said
    assert 'better record 1000 frames' in said
    reference = Reference.load(path)
    reference.check(Model.load('digits').weights.version)
    assert reference.about['n_frames'] == 300
    assert reference.about['bank'] == ['noise']


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--frames', '20'], 'got 20'),
        (['--interval', '3'], 'got 3'),
        (['--stream', 'nowhere'], 'nowhere'),
        (['--part', 'x'], 'x'),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ['--draws', '500', '--bank', '', '--output', str(tmp_path / 'x.reference')]
    try:
        status = main(['calibrate', *options, *arguments])
    except SystemExit as stop:  # what the parser itself refuses
        status = int(stop.code or 0)
    assert status == 2
    assert sentence in capsys.readouterr().err


def test_the_shipped_reference_belongs_to_the_shipped_model() -> None:
    reference = Reference.load(path_of('digits').with_suffix('.reference'))
    reference.check(Model.load('digits').weights.version)
