"""Search for settings: the one door to optuna."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.evaluation.fields import FIELDS
from edge_adapt.sweeps.cell import checked, TABLE
from edge_adapt.sweeps.grid import LISTS, several
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

DIRECTIONS = ('maximize', 'minimize')
BOUNDS = {'low', 'high', 'log'}
NAMES = (*LISTS, 'parameters', 'objectives', 'trials', 'seed')
Settings = dict[str, Any]
Judge = Callable[[Settings], Mapping[str, float]]  # settings -> the figures of the objectives


@dataclass(frozen=True)
class Task:
    """
    What to search: parameters by name, each a value, a list of choices, or {low, high[, log]}.

    `objectives` maps fields of a row to 'maximize' or 'minimize'; `rest` spans the cells that
    each trial runs: their mean is what counts.
    """

    parameters: Mapping[str, Any]
    objectives: Mapping[str, str]
    n_trials: int
    seed: int
    rest: Mapping[str, Any]


def task_of(values: Mapping[str, Any]) -> Task:
    """Return the task in a file; UsageError where it says what nobody knows."""
    if unknown := values.keys() - set(NAMES):
        names = ', '.join(NAMES)
        raise UsageError(f'there is no {sorted(unknown)[0]!r} in a search; there are: {names}')
    n_trials, seed = values.get('trials', 20), values.get('seed', 0)
    if type(n_trials) is not int or n_trials < 1 or type(seed) is not int:
        raise UsageError(f'trials must be >= 1 and seed a number, got {n_trials!r}, {seed!r}')
    parameters = values.get('parameters') or {}
    if not isinstance(parameters, dict):
        raise UsageError(f'parameters must be names and values, got {parameters!r}')
    for name, value in parameters.items():
        _check(name, value)
    objectives = _objectives(values.get('objectives') or {'accuracy': 'maximize'})
    rest = {name: values[name] for name in LISTS if name in values}
    return Task(parameters, objectives, n_trials, seed, rest)


def _objectives(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise UsageError(f'objectives must be fields and directions, got {values!r}')
    for name, direction in values.items():
        if name not in FIELDS or FIELDS[name].kind is str:
            raise UsageError(f'{name!r} is no figure of a row; docs/report.md lists them')
        if direction not in DIRECTIONS:
            raise UsageError(f'{name} is to {" or ".join(DIRECTIONS)}, got {direction!r}')
    return values


def search(task: Task, file: Path, judge: Judge, tell: Callable[[str], None]) -> list[str]:
    """
    Run the trials that are still to do, keep them in `file`, and return the best as sentences.

    Several objectives have several best trials: those that no other beats in all of them.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = JournalStorage(JournalFileBackend(str(file)))
        study = optuna.create_study(
            storage=storage,
            study_name=' '.join(f'{d} {n}' for n, d in task.objectives.items()),
            directions=list(task.objectives.values()),
            load_if_exists=True,
        )
        n_done = len(study.get_trials(states=(TrialState.COMPLETE,)))
        # Resumed, it must not suggest again what it began with.
        study.sampler = optuna.samplers.TPESampler(seed=task.seed + n_done)
        for number in range(n_done, task.n_trials):
            trial = study.ask()
            figures = judge(_suggested(trial, task.parameters))
            study.tell(trial, [figures[name] for name in task.objectives])
            tell(f'trial {number + 1} of {task.n_trials}: {_said(trial.params, figures)}')
    except (OSError, ValueError) as error:  # no file, or one of another search
        raise UsageError(f'{file} cannot be used: {error}') from error
    return [
        _said(t.params, dict(zip(task.objectives, t.values, strict=True)))
        for t in study.best_trials
    ]


def _check(name: str, value: Any) -> None:
    """Raise UsageError where a parameter cannot be searched so."""
    if not isinstance(value, dict):
        for each in several(name, value):
            checked({name: each})
        return
    if not {'low', 'high'} <= value.keys() <= BOUNDS:
        raise UsageError(f'{name} must have low and high, and perhaps log, got {value!r}')
    for bound in ('low', 'high'):
        checked({name: value[bound]})
    if isinstance(TABLE[name].default, str) or value['low'] > value['high']:
        raise UsageError(f'{name} cannot go from {value["low"]!r} to {value["high"]!r}')


def _suggested(trial: optuna.Trial, parameters: Mapping[str, Any]) -> Settings:
    found: Settings = {}
    for name, value in parameters.items():
        if isinstance(value, list):
            found[name] = trial.suggest_categorical(name, value)
        elif not isinstance(value, dict):
            found[name] = value
        elif isinstance(TABLE[name].default, int):
            found[name] = trial.suggest_int(name, **value)
        else:
            found[name] = trial.suggest_float(name, **value)
    return found


def _said(parameters: Mapping[str, Any], figures: Mapping[str, float]) -> str:
    def short(value: Any) -> str:
        return f'{value:.4g}' if isinstance(value, float) else str(value)

    left = ', '.join(f'{name} {short(value)}' for name, value in figures.items())
    return f'{left} with {", ".join(f"{n} {short(v)}" for n, v in parameters.items())}'
