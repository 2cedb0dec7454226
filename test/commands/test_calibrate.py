"""`edge-adapt calibrate` as a person uses it."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.drift import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model, reference_path_of, shipped
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
    assert 'delays of class_conditional' in said
    assert 'vouch for 100 frames' in said
    assert 'fewer than' not in said  # some 30 frames of each of ten classes
    assert 'better record 1000 frames' in said
    reference = Reference.load(path)
    reference.check(Model.load('digits').weights.version)
    assert reference.about['n_frames'] == 300
    assert reference.about['bank'] == ['noise']


def test_predicts_the_delays_of_the_detector_that_will_watch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ['--part', 'adapt', '--frames', '300', '--draws', '500', '--interval', '5000']
    options += ['--bank', 'noise', '--output', str(tmp_path / 'x.reference')]
    assert main(['calibrate', *options, '--detector', 'information_guard']) == 0
    said = capsys.readouterr().out
    assert 'delays of information_guard' in said
    [row] = [line.split() for line in said.splitlines() if 'invert' in line]
    assert row[-2:] == ['never', 'never']  # it looks for frames without information alone


def test_learns_from_a_bag_of_one_s_own_camera_what_is_normal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip('rosbags', reason='rosbags is not installed')
    bag, path = tmp_path / 'good_day', tmp_path / 'mine.reference'
    assert main(['bag', 'make', str(bag), '--schedule', 'clean:300']) == 0
    options = ['--draws', '500', '--interval', '5000', '--bank', 'noise@0.4,contrast']
    assert main(['calibrate', '--bag', str(bag), *options, '--output', str(path)]) == 0
    assert 'contrast' in capsys.readouterr().out
    reference = Reference.load(path)
    assert reference.about['n_frames'] == 300
    assert reference.about['bank'] == ['noise@0.4', 'contrast']
    schedule = ['--schedule', 'clean:200,contrast:100', '--reference', str(path)]
    assert main(['evaluate', *schedule]) == 0
    assert '0 missed' in capsys.readouterr().out


def test_a_bag_of_two_scenes_is_too_little(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip('rosbags', reason='rosbags is not installed')
    bag = tmp_path / 'short_walk'
    assert main(['bag', 'make', str(bag), '--schedule', 'clean:300', '--order', 'runs']) == 0
    output = str(tmp_path / 'x.reference')
    assert main(['calibrate', '--bag', str(bag), '--output', output]) == 2
    assert 'scenes or more' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--frames', '20'], 'got 20'),
        (['--frames', '0'], 'got 0'),
        (['--output', '/nowhere/x.reference'], '/nowhere/x.reference cannot be written'),
        (['--frames', '-5'], 'got -5'),
        (['--interval', '3'], 'got 3'),
        (['--stream', 'nowhere'], 'nowhere'),
        (['--part', 'x'], 'x'),
        (['--bag', '/nowhere'], '/nowhere'),
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


@pytest.mark.parametrize('model', shipped())
def test_every_shipped_model_has_its_reference(model: str) -> None:
    Reference.load(reference_path_of('', model)).check(Model.load(model).weights.version)


def test_the_rendered_street_has_a_reference_of_its_own() -> None:
    street = Reference.load(reference_path_of('digits_street', 'digits'))
    street.check(Model.load('digits').weights.version)


def test_a_reference_that_does_not_ship_is_named() -> None:
    with pytest.raises(UsageError, match='digits_street'):
        reference_path_of('nonsense', 'digits')
