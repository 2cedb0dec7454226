"""`edge-adapt bag` as a person uses it."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.streams.bag.recording import Recording
import pytest

MAKE = ['--schedule', 'clean:5,contrast:5']


@pytest.mark.parametrize('options', [[], ['--storage', 'sqlite3', '--images', 'png']])
def test_a_bag_is_made_and_looked_into(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'bag'
    assert main(['bag', 'make', str(path), *MAKE, *options]) == 0
    assert 'has 10 labelled frames of digits' in capsys.readouterr().out
    assert main(['bag', 'info', str(path)]) == 0
    said = capsys.readouterr().out
    assert '10  /label  vision_msgs/msg/Classification' in said
    assert 'schedule: clean:5,contrast:5' in said
    assert len(list(Recording(path))) == 10


def test_what_is_missing_in_a_damaged_bag_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'bag'
    main(['bag', 'make', str(path), *MAKE])
    file = path / 'bag.mcap'
    file.write_bytes(file.read_bytes()[:-100])
    assert main(['bag', 'info', str(path)]) == 0
    assert 'is not complete' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['info', 'nowhere'], 'there is no bag nowhere'),
        (['make', 'bag', '--storage', 'x'], "there is no storage 'x'"),
        (['make', 'bag', '--images', 'x'], "there is no image format 'x'"),
        (['make', '.'], 'exists already'),
        (['make', 'bag', '--schedule', 'x:5'], "there is no corruption 'x'"),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(['bag', *arguments]) == 2
    assert sentence in capsys.readouterr().err
