"""`edge-adapt replay` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge_adapt import encodings
from edge_adapt.cli import main
from edge_adapt.evaluation.fields import TIMES
from edge_adapt.streams.bag._rosbags import RawWriter
from edge_adapt.streams.bag.writing import START_NS
from edge_adapt.streams.digits import Digits
import numpy as np
import pytest
from rosbags.highlevel import AnyReader

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
    document['rows'] = [
        {n: v for n, v in row.items() if n not in TIMES} for row in document['rows']
    ]
    for decision in document['decisions']:
        decision.pop('seconds')
        decision['stamp_ns'] %= START_NS
    return {name: document[name] for name in ('figures', 'decisions', 'events', 'rows', 'digest')}


def test_a_bag_gives_what_the_stream_gives(bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    direct = _run(capsys, 'evaluate', '--schedule', SCHEDULE)
    replayed = _run(capsys, 'replay', str(bag))['bags'][0]
    assert replayed['reading']['n_labelled'] == 120
    assert _plain(replayed) == _plain(direct)


def test_several_bags_are_told_one_by_one(bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = _run(capsys, 'replay', str(bag), str(bag))
    first, second = (_plain(entry) for entry in document['bags'])
    assert first == second


def test_several_bags_leave_a_report_each(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ['replay', str(bag), str(bag), '--report', str(tmp_path / 'out'), '--json']
    assert main(names) == 0
    for folder in ('bag_1', 'bag_2'):
        assert 'bag, digits network' in (tmp_path / 'out' / folder / 'report.html').read_text()
    capsys.readouterr()


def test_debug_images_are_all_frames_in_the_bag_of_the_report(bag: Path, tmp_path: Path) -> None:
    out = ['--report', str(tmp_path), '--debug-images']
    assert main(['replay', str(bag), *out]) == 0
    with AnyReader([tmp_path / 'metrics']) as reader:
        topics = [c.topic for c, _, _ in reader.messages()]
    assert topics.count('/edge_adapt/debug_image') == 120


def test_learners_named_together_run_in_one_pass(
    bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ['--updater', 'row_es,sgd', '--baselines', 'rdumb,oracle']
    rows = _run(capsys, 'replay', str(bag), *arguments)['bags'][0]['rows']
    assert [row['name'] for row in rows] == ['row_es', 'sgd', 'rdumb', 'frozen', 'oracle']
    [alone, *_] = _run(capsys, 'replay', str(bag), '--updater', 'sgd')['bags'][0]['rows']
    assert alone['digest'] == rows[1]['digest']
    assert rows[4]['accuracy'] >= rows[3]['accuracy']


def test_a_bag_without_labels_has_alarms_and_a_report_but_no_accuracies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'bag'
    writer = RawWriter(path, 'mcap', 'none', {})
    for i, frame in enumerate(Digits('clean:30,contrast:30')):
        fields = encodings.from_array(frame.image)
        fields['data'] = np.frombuffer(fields['data'], np.uint8)
        writer.write_image('/image_raw', START_NS + i * 33_000_000, 'camera', fields)
    writer.close()
    out = tmp_path / 'out'
    options = ['--report', str(out), '--baselines', 'all', '--region', '80,40,160,160']
    document = _run(capsys, 'replay', str(path), *options)['bags'][0]
    assert document['figures']['n_alarms'] == 1
    assert {row['accuracy'] for row in document['rows']} == {None}
    assert 'nobody knows what was right' in (out / 'report.html').read_text()
    capsys.readouterr()
    assert main(['compare', str(out), str(out)]) == 0


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
        (['BAG', '--baselines', 'best'], "there is no baseline 'best'; there are: "),
        (['BAG', '--updater', 'row_es,sgd', '--store', 'x'], 'a store belongs to one learner'),
        (['BAG', '--image-topic', '/x'], "there is no image topic '/x'; there are: /image_raw"),
        (['BAG', '--label-topic', '/x'], "there is no label topic '/x'; there are: /label"),
        (['BAG', '--labels', 'none.csv'], 'none.csv cannot be read as labels'),
        (['BAG', '--region', '300,0,160,160'], 'does not lie inside the 320x240 image'),
        (['BAG', '--debug-images'], 'name its folder by --report'),
        (['BAG', '--region', 'x'], "region must be 'x,y,width,height'"),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    arguments: list[str], sentence: str, bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(bag) if text == 'BAG' else text for text in arguments]
    assert main(['replay', *arguments]) == 2
    assert sentence in capsys.readouterr().err
