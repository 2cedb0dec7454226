"""`edge-adapt replay` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge_adapt.cli import main
from edge_adapt.streams.bag.writing import START_NS
import pytest

SCHEDULE = 'clean:40,contrast:80'


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('replay') / 'bag'
    assert main(['bag', 'make', str(path), '--schedule', SCHEDULE]) == 0
    return path


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert main([*arguments, '--json']) == 0
    return json.loads(capsys.readouterr().out)


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out how long things took."""
    for name in ('latency_p50_ms', 'latency_p99_ms'):
        document['figures'].pop(name)
    for decision in document['decisions']:
        decision.pop('seconds')
        decision['stamp_ns'] %= START_NS
    return {name: document[name] for name in ('figures', 'decisions', 'events', 'final_version')}


def test_a_bag_gives_what_the_stream_gives(bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    direct = _run(capsys, 'evaluate', '--schedule', SCHEDULE)
    replayed = _run(capsys, 'replay', str(bag))['bags'][0]
    assert replayed['reading']['n_labelled'] == 120
    assert _plain(replayed) == _plain(direct)


def test_several_bags_are_told_one_by_one(bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = _run(capsys, 'replay', str(bag), str(bag))
    first, second = (_plain(entry) for entry in document['bags'])
    assert first == second


def test_a_file_of_labels_and_a_table(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / 'labels.csv'
    labels.write_text(f'stamp,class\n{START_NS},3\n')
    assert main(['replay', str(bag), '--labels', str(labels)]) == 0
    assert '120 frames of 120 messages, 1 labelled' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['nowhere'], 'there is no bag nowhere'),
        (['BAG', '--image-topic', '/x'], "there is no image topic '/x'; there are: /image_raw"),
        (['BAG', '--label-topic', '/x'], "there is no label topic '/x'; there are: /label"),
        (['BAG', '--labels', 'none.csv'], 'none.csv cannot be read as labels'),
        (['BAG', '--region', '300,0,160,160'], 'does not lie inside the 320x240 image'),
        (['BAG', '--region', 'x'], "region must be 'x,y,width,height'"),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    arguments: list[str], sentence: str, bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(bag) if text == 'BAG' else text for text in arguments]
    assert main(['replay', *arguments]) == 2
    assert sentence in capsys.readouterr().err
