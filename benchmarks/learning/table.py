"""What every case shares: its setting, a table over seeds, and a way to run an updater."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from _damage import pool_of
from _mlps import binary_mlp
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Updater
import numpy as np


@dataclass(frozen=True)
class Setting:
    """Which seeds, and where networks that a case trains itself are kept."""

    seeds: range
    networks: Path

    def network(self, data: str, seed: int) -> Model:
        """Return the binary MLP of a data set and seed, trained on 50,000 images once."""
        path = self.networks / f'{data}-{seed}.model'
        if not path.exists():
            train = pool_of(data, 'train', seed)
            path.parent.mkdir(parents=True, exist_ok=True)
            binary_mlp(train.images, train.labels, seed, n_epochs=4, n_batch=128).save(path)
        return Model.load(str(path))


class Table:
    """Values by row and column over seeds, printed at the end with their bars."""

    def __init__(self, case: str) -> None:
        self._case = case
        self.values: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._units: dict[tuple[str, str], str] = {}

    def add(self, row: str, column: str, value: float, unit: str = '%') -> None:
        self.values[row, column].append(value)
        self._units[row, column] = unit

    def mean_over(self, rows: Iterable[str], name: str) -> None:
        """Add a row that is the mean of others, seed by seed."""
        rows = list(rows)
        for column in dict.fromkeys(column for row, column in self.values if row in rows):
            lists = [self.values[row, column] for row in rows]
            self.values[name, column] = np.mean(lists, axis=0).tolist()

    def print(self, bars: dict[tuple[str, str], float] | None = None) -> None:
        for (row, column), values in self.values.items():
            bar = (bars or {}).get((row, column))
            name = '' if bar is None else 'bar'
            unit = self._units.get((row, column), '%')
            line(self._case, f'{row}: {column}', values, unit, peer=name, peer_value=bar)


def line(
    case: str,
    metric: str,
    values: Iterable[float],
    unit: str = '%',
    peer: str = '',
    peer_value: float | None = None,
    low_is_good: bool = False,
) -> None:
    """Print one figure."""
    values = list(values)
    mean = float(np.mean(values))
    ratio = None
    if peer_value is not None and peer_value > 0:
        ratio = peer_value / max(mean, 1e-9) if low_is_good else mean / max(peer_value, 1e-9)
    figures = {
        'case': case,
        'metric': metric,
        'value': round(mean, 4 if unit == 's' else 2),
        'unit': unit,
        'spread': round(float(np.std(values)), 4 if unit == 's' else 2),
        'n_seeds': len(values),
        'peer': peer,
        'peer_value': peer_value,
        'ratio': None if ratio is None else round(ratio, 3),
    }
    print(json.dumps(figures), flush=True)


def last(updater: Updater, objective: EngineObjective, weights: Weights, samples: Samples) -> Any:
    *_, better = updater.improve(objective, weights, samples)
    return better


def accuracy(objective: EngineObjective, weights: Weights, samples: Samples) -> float:
    logits = objective.logits(weights, samples.images)
    return 100 * float((logits.argmax(axis=1) == samples.labels).mean())
