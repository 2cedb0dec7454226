"""A cell is what `edge-adapt replay` does, as plain values."""

from __future__ import annotations

import json
from pathlib import Path

from edge_adapt.evaluation.fields import checked
from edge_adapt.streams.bag.writing import write
from edge_adapt.streams.digits import Digits
from edge_adapt.sweeps.cell import run
import pytest

SCHEDULE = 'clean:20,contrast:40'


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    write(Digits(SCHEDULE, seed=3), tmp_path / 'bag', schedule=SCHEDULE)
    return tmp_path / 'bag'


def test_a_bag_gives_what_its_stream_gives(bag: Path) -> None:
    settings = {'seed': 3, 'label_share': 0.5}
    recorded = run({**settings, 'bag': str(bag)})
    direct = run({**settings, 'schedule': SCHEDULE})
    assert checked(recorded['row'])['digest'] == direct['row']['digest']
    assert recorded['notes'] == []


def test_a_result_goes_through_json(bag: Path) -> None:
    result = run({'bag': str(bag)})
    assert json.loads(json.dumps(result)) == result


def test_what_was_wrong_with_a_bag_is_told(bag: Path) -> None:
    file = bag / 'bag.mcap'
    file.write_bytes(file.read_bytes()[:-100])
    assert 'is not complete' in ' '.join(run({'bag': str(bag)})['notes'])


@pytest.mark.parametrize(
    ('settings', 'sentence'),
    [
        ({'bag': 'nowhere'}, 'there is no bag nowhere'),
        ({'schedule': 'melted:5'}, "there is no corruption 'melted'"),
        ({'model': 'nobody'}, 'nobody'),
    ],
)
def test_a_mistake_is_a_sentence(settings: dict[str, str], sentence: str) -> None:
    assert sentence in run(settings)['error']
