"""The command line: help teaches, mistakes end in a sentence and status 2, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

from edge_adapt.cli import main
from edge_adapt.evaluation.fields import TIMES
from edge_adapt.networks.model import path_of
from edge_adapt.registry import names
import pytest

SHORT = ['--schedule', 'clean:40,contrast:120']


@pytest.mark.parametrize('command', names('commands'))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, '--help'])
    assert end.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 5


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--updater', 'nonsense'], "updater is 'nonsense'; there are: "),
        (['--detector', 'nonsense'], "detector is 'nonsense'; there are: "),
        (['--engine', 'nonsense'], "engine is 'nonsense'; there are: "),
        (['--stream', 'nonsense'], "stream is 'nonsense'; there are: "),
        (['--seed', '-1'], 'seed must be >= 0, got -1'),
        (['--seed', 'x'], "seed must be a int, got 'x'"),
        (['--label-share', '1.5'], 'label_share must be within 0..1, got 1.5'),
        (['--model', 'nonsense'], "there is no model 'nonsense'; shipped are "),
        (['--model', '/nowhere/a.model'], '/nowhere/a.model cannot be read: '),
        (['--schedule', 'clean'], "'clean'"),
        (['--schedule', 'nonsense:10'], "'nonsense'"),
        (['--label-delay', '-1'], '--label-delay must be >= 0, got -1'),
    ],
)
def test_a_mistake_ends_in_a_sentence_and_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(['evaluate', *arguments])
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr().err
    assert status == 2
    assert sentence in said
    assert 'Traceback' not in said


def test_an_altered_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(path_of('digits').read_bytes())
    data[len(data) // 2] ^= 1
    path = tmp_path / 'altered.model'
    path.write_bytes(data)
    assert main(['evaluate', '--model', str(path)]) == 2
    assert 'is damaged: its digest does not match' in capsys.readouterr().err


def test_same_arguments_give_the_same_result_and_the_same_weights(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    documents = []
    for _ in range(2):
        picture = ['--picture', str(tmp_path / 'run.png')]
        assert main(['evaluate', *SHORT, *picture, '--json']) == 0
        document = json.loads(capsys.readouterr().out)
        for decision in document['decisions']:
            del decision['seconds']
        for name in ('latency_p50_ms', 'latency_p99_ms'):
            del document['figures'][name]
        document['rows'] = [
            {name: value for name, value in row.items() if name not in TIMES}
            for row in document['rows']
        ]
        documents.append(document)
    assert documents[0] == documents[1]
    assert documents[0]['figures']['n_frames'] == 160
    assert (tmp_path / 'run.png').read_bytes().startswith(b'\x89PNG')


def test_doctor_says_what_is_there_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['doctor']) == 0
    said = capsys.readouterr().out
    assert 'rclpy is there' in said
    assert 'model digits is intact' in said
    assert all(line.endswith('.') for line in said.splitlines())
