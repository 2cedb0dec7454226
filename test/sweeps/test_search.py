"""A search finds what is good, is kept in a file, and goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_adapt.errors import UsageError
import pytest

optuna = pytest.importorskip('optuna', reason='optuna is not installed')

from edge_adapt.sweeps.search import search, task_of  # noqa: E402

VALUES = {
    'schedules': ['clean:9'],
    'trials': 25,
    'objectives': {'accuracy': 'maximize'},
    'parameters': {'min_gain': {'low': 0.0, 'high': 1.0}, 'updater': ['row_es', 'sgd']},
}


def judge(settings: Mapping[str, Any]) -> dict[str, float]:
    """Return a figure that is best with sgd at 0.7."""
    return {'accuracy': (settings['updater'] == 'sgd') - abs(settings['min_gain'] - 0.7)}


def test_it_finds_the_best_there_is(tmp_path: Path) -> None:
    [best] = search(task_of(VALUES), tmp_path / 'x.journal', judge, lambda _: None)
    assert 'updater sgd' in best
    assert float(best.split()[1].rstrip(',')) > 0.9


def test_it_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    tried: list[float] = []

    def stops(settings: Mapping[str, Any]) -> dict[str, float]:
        tried.append(settings['min_gain'])
        if len(tried) == 5:
            raise KeyboardInterrupt
        return judge(settings)

    file, task = tmp_path / 'x.journal', task_of({**VALUES, 'trials': 8})
    with pytest.raises(KeyboardInterrupt):
        search(task, file, stops, lambda _: None)
    search(task, file, stops, lambda _: None)
    assert len(tried) == len(set(tried)) == 9  # four, the one that was cut, four
    search(task, file, stops, lambda _: None)
    assert len(tried) == 9


def test_two_objectives_have_several_best(tmp_path: Path) -> None:
    task = task_of({**VALUES, 'objectives': {'accuracy': 'maximize', 'n_evaluations': 'minimize'}})

    def costs(settings: Mapping[str, Any]) -> dict[str, float]:
        return {'accuracy': settings['min_gain'], 'n_evaluations': settings['min_gain']}

    assert len(search(task, tmp_path / 'x.journal', costs, lambda _: None)) > 1


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'trial': 1}, "there is no 'trial' in a search"),
        ({'trials': 0}, 'trials must be >= 1'),
        ({'objectives': {'digest': 'maximize'}}, "'digest' is no figure of a row"),
        ({'objectives': {'accuracy': 'up'}}, "accuracy is to maximize or minimize, got 'up'"),
        ({'objectives': ['accuracy']}, 'objectives must be fields and directions'),
        ({'parameters': {'speed': 1}}, "there is no setting 'speed'"),
        ({'parameters': {'speed': {'low': 0, 'high': 1}}}, "there is no setting 'speed'"),
        ({'parameters': {'min_gain': {'low': 0.1}}}, 'min_gain must have low and high'),
        ({'parameters': {'min_gain': {'low': 0.5, 'high': 0.1}}}, 'cannot go from 0.5 to 0.1'),
        ({'parameters': {'updater': ['best']}}, "updater is 'best'"),
    ],
)
def test_a_mistake_is_a_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        task_of(values)


def test_a_file_that_holds_another_search_is_refused(tmp_path: Path) -> None:
    file = tmp_path / 'x.journal'
    search(task_of({**VALUES, 'trials': 1}), file, judge, lambda _: None)
    other = {**VALUES, 'trials': 2, 'parameters': {'min_gain': 0.1, 'updater': ['sgd', 'frozen']}}
    with pytest.raises(UsageError, match=r'x\.journal cannot be used'):
        search(task_of(other), file, judge, lambda _: None)
