"""A file of lists becomes cells; what it says wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.sweeps.grid import cells_of, read
import pytest


def test_cells_are_all_combinations_in_order() -> None:
    cells = cells_of(
        {
            'schedules': ['clean:9', 'clean:10'],
            'updaters': ['row_es', 'sgd'],
            'seeds': [0, 1],
            'parameters': {'label_share': [0.1, 0.5], 'model': 'digits'},
        }
    )
    assert len(cells) == len({cell.key for cell in cells}) == 16
    assert dict(cells[0].settings) == {
        'schedule': 'clean:9',
        'updater': 'row_es',
        'seed': 0,
        'label_share': 0.1,
        'model': 'digits',
    }
    assert [cell.settings['seed'] for cell in cells[:4]] == [0, 0, 1, 1]


def test_a_value_twice_is_one_cell() -> None:
    assert len(cells_of({'schedules': 'clean:9', 'seeds': [1, 1]})) == 1


def test_another_recording_under_the_same_name_is_another_cell(tmp_path: Path) -> None:
    bag = tmp_path / 'bag'
    bag.mkdir()
    (bag / 'bag.mcap').write_bytes(b'x')
    [before] = cells_of({'bags': [str(bag)]})
    key = before.key
    (bag / 'bag.mcap').write_bytes(b'xy')
    [after] = cells_of({'bags': [str(bag)]})
    assert after.key != key


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'bag': ['x']}, "there is no 'bag' in a sweep; there are: bags, schedules"),
        ({'updaters': ['row_es']}, 'a sweep needs bags, or schedules'),
        ({'schedules': []}, 'a sweep needs bags'),
        ({'schedules': 'x', 'seeds': []}, 'seeds is an empty list'),
        ({'schedules': 'x', 'updaters': ['best']}, "updater is 'best'; there are: "),
        ({'schedules': 'x', 'seeds': ['one']}, "seed must be a int, got 'one'"),
        ({'schedules': 'x', 'seeds': [-1]}, 'seed must be >= 0, got -1'),
        ({'schedules': 'x', 'parameters': {'speed': 1}}, "there is no setting 'speed'"),
        ({'schedules': 'x', 'parameters': [1]}, r'parameters must be names and values, got \[1\]'),
        ({'schedules': 'x', 'parameters': {'label_share': 2.0}}, 'must be within 0..1, got 2'),
        (
            {
                'schedules': 'x',
                'seeds': list(range(400)),
                'parameters': {'label_delay': list(range(400))},
            },
            '160000 cells are too many',
        ),
    ],
)
def test_a_mistake_is_a_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        cells_of(values)


@pytest.mark.parametrize('text', ['[1, 2]', 'a: [', ''])
def test_a_file_that_holds_no_names_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / 'sweep.yaml'
    file.write_text(text)
    with pytest.raises(UsageError, match=r'sweep\.yaml'):
        read(file)
