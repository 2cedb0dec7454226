"""
What the updaters recover, keep and cost.

usage: python benchmarks/updaters.py [--cases NAMES] [--seeds N] [--networks DIR]

Prints JSON lines: mean and standard deviation over seeds, the bar where there is one as the peer,
and ratio = value / peer for what should be high, peer / value for what should be low. `digits` and
`incremental` need nothing; the others need EDGE_ADAPT_DATA. Networks that a case trains itself
are kept in --networks. Nothing was tuned on seeds 0 and up: that is what seeds 100 and up are for.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterable
import json
from pathlib import Path
import time
from typing import Any

from _damage import damaged, pool_of, SHIFTS
from _mlps import binary_mlp, errors_of, quantized_mlp
from edge_adapt import registry
from edge_adapt.engines.popcount import Popcount
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.health import health
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Array, Samples, Weights
from edge_adapt.updaters import Updater
from edge_adapt.updaters.class_means import ClassMeans
from edge_adapt.updaters.cwr_star import CwrStar
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.restoration_search import RestorationSearch
from edge_adapt.updaters.row_es import RowEs
from edge_adapt.updaters.sgd import Sgd
from edge_adapt.updaters.streaming_lda import StreamingLda
from edge_adapt.updaters.transform_search import TransformSearch
import numpy as np

N_TEST = 2000
FIRST_SEED = 0
NETWORKS = Path('build/networks')


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
    if peer_value is not None:
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


class Table:
    """Values by row and column over seeds, printed at the end with their bars."""

    def __init__(self, case: str) -> None:
        self._case = case
        self.values: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, row: str, column: str, value: float) -> None:
        self.values[row, column].append(value)

    def mean_over(self, rows: Iterable[str], name: str) -> None:
        """Add a row that is the mean of others, seed by seed."""
        rows = list(rows)
        for column in dict.fromkeys(column for _, column in self.values):
            lists = [self.values[row, column] for row in rows]
            self.values[name, column] = np.mean(lists, axis=0).tolist()

    def print(self, bars: dict[tuple[str, str], float] | None = None) -> None:
        for (row, column), values in self.values.items():
            bar = (bars or {}).get((row, column))
            line(self._case, f'{row}: {column}', values, peer='bar' if bar else '', peer_value=bar)


def last(updater: Updater, objective: EngineObjective, weights: Weights, samples: Samples) -> Any:
    *_, better = updater.improve(objective, weights, samples)
    return better


def accuracy(objective: EngineObjective, weights: Weights, samples: Samples) -> float:
    logits = objective.logits(weights, samples.images)
    return 100 * float((logits.argmax(axis=1) == samples.labels).mean())


def digits(seeds: range) -> None:
    """The shipped network on digits: 64 unlabelled frames, then 397 labelled ones."""
    model, table = Model.load('digits'), Table('digits')
    for seed in seeds:
        for shift in ('clean', *SHIFTS):
            train = damaged('digits', 'adapt', shift, seed, 397, model.network.input_shape)
            test = damaged('digits', 'test', shift, seed, 400, model.network.input_shape)
            objective = EngineObjective(Popcount(), model)
            few = train.take(np.arange(64))
            table.add(shift, 'frozen', accuracy(objective, model.weights, test))
            tuned = model.weights
            for name, updater in {
                'transform search, 64 frames': TransformSearch(radius=2, both_axes=False),
                'restoration search, 64 frames': RestorationSearch(),
                'recalibration, 64 frames': Recalibration(),
            }.items():
                tuned = last(updater, objective, model.weights, few)
                table.add(shift, name, accuracy(objective, tuned, test))
            for name, updater in {
                'then row_es, 397 labels': RowEs(seed, n_evaluations=1024 * 397),
                'then cwr_star, 397 labels': CwrStar(seed),
                'then sgd, 397 labels': Sgd(seed),
            }.items():
                better = last(updater, objective, tuned, train)
                table.add(shift, name, accuracy(objective, better, test))
    name = 'recalibration, 64 frames'
    bars = {('contrast', name): 95.0, ('low_contrast', name): 95.0}
    bars |= {('dead', name): 84.0, ('blur', name): 84.0}
    name = 'then row_es, 397 labels'
    bars |= {('contrast', name): 94.0, ('dead', name): 88.0, ('blur', name): 91.0}
    table.print(bars)


def incremental(seeds: range) -> None:
    """Digits, 5 + 5: a backbone of the first five classes, then one new class at a time."""
    table = Table('incremental')
    for seed in seeds:
        train = damaged('digits', 'train', 'clean', seed, 1000, (8, 8, 1))
        test = damaged('digits', 'adapt+test', 'clean', seed, 797, (8, 8, 1))
        old = train.take(train.labels < 5)
        model = binary_mlp(old.images, old.labels, seed, n_epochs=6)
        experiences = [old, *(train.take(train.labels == label) for label in range(5, 10))]
        _learn_all(table, 'all classes', model, experiences, train, test, seed)
    table.print(
        {
            ('all classes', 'cwr_star 8, 16'): 91.0,
            ('all classes', 'cwr_star 8, 16, 20 latents'): 93.0,
            ('all classes', 'cwr_star 8, 8'): 90.0,
        }
    )


def split(seeds: range) -> None:
    """Split MNIST, 5 x 2 classes in random order, on a binary MLP that knows Fashion-MNIST."""
    table = Table('split')
    for seed in seeds:
        model = _network('fashion_mnist', 0)
        rng = np.random.default_rng(seed)
        train = damaged('mnist', 'train', 'clean', seed, 10_000, model.network.input_shape)
        test = damaged('mnist', 'test', 'clean', seed, N_TEST, model.network.input_shape)
        order = rng.permutation(10).reshape(5, 2)
        experiences = [train.take(np.isin(train.labels, pair)) for pair in order]
        _learn_all(table, 'ten classes', model, experiences, train, test, seed, n_epochs=1)
    table.print({('ten classes', 'cwr_star 8, 16, 20 latents'): 86.0})


def _learn_all(
    table: Table,
    row: str,
    model: Model,
    experiences: list[Samples],
    train: Samples,
    test: Samples,
    seed: int,
    n_epochs: int = 10,
) -> None:
    """Add what every class-incremental head reaches, the naive one and the joint bound."""
    objective = EngineObjective(Popcount(), model)
    options: dict[str, Any] = {'seed': seed, 'known_count': 0, 'n_epochs': n_epochs}
    heads: dict[str, Any] = {
        'cwr_star 8, 16': CwrStar(**options, replay_per_class=0),
        'cwr_star 8, 16, 20 latents': CwrStar(**options),
        'cwr_star 8, 8': CwrStar(**options, replay_per_class=0, q_b=8),
        'cwr_star 8, 8, 20 latents': CwrStar(**options, q_b=8),
        'class_means': ClassMeans(),
        'streaming_lda': StreamingLda(),
    }
    for name, head in heads.items():
        weights = model.weights
        for experience in experiences:
            weights = last(head, objective, weights, experience)
        table.add(row, name, accuracy(objective, weights, test))
    bits = [
        objective.value(model.weights, part.images, 'head').reshape(len(part), -1).astype(float)
        for part in (train, test, *experiences)
    ]
    joint = _fit(np.zeros((10, bits[0].shape[1])), bits[0], train.labels, seed, 4 * n_epochs)
    naive = np.zeros_like(joint)
    for x, experience in zip(bits[2:], experiences, strict=True):
        naive = _fit(naive, x, experience.labels, seed, n_epochs)
    for name, head in (('joint, all data at once', joint), ('naive fine-tuning', naive)):
        hits = (bits[1] @ head.T).argmax(axis=1) == test.labels
        table.add(row, name, 100 * float(hits.mean()))


def _fit(head: Array, x: Array, labels: Array, seed: int, n_epochs: int) -> Array:
    """Return a float head (10, n_in) after plain gradient steps, as CWR* makes them."""
    rng, unit = np.random.default_rng(seed), 4 / x.shape[1] ** 0.5
    for _ in range(n_epochs):
        order = rng.permutation(len(x))
        for batch in np.array_split(order, max(1, len(x) // 32)):
            gradient = errors_of(unit * x[batch] @ head.T, labels[batch]).T @ x[batch]
            head = head - unit * gradient
    return head


NOISES: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    'gauss 0.3': lambda x, rng: x + rng.normal(0, 0.3, x.shape),
    'gauss 0.5': lambda x, rng: x + rng.normal(0, 0.5, x.shape),
    'salt-pepper 0.2': lambda x, rng: _salted(x, rng.random(x.shape)),
    'brightness +0.4': lambda x, rng: x + 0.4,
}
BARS = {'gauss 0.3': (88, 89.5), 'gauss 0.5': (72, 76.5)}
BARS |= {'salt-pepper 0.2': (82, 83.5), 'brightness +0.4': (86, 91)}


def _salted(x: Array, chance: Array) -> Array:
    return np.where(chance < 0.1, 0.0, np.where(chance > 0.9, 1.0, x))


def row_es(seeds: range) -> None:
    """784-64-32-10, 8 bit: the last layer after noise, 4,000 labels, by forward passes."""
    table, seconds = Table('row_es'), []
    for seed in seeds:
        shape = (28, 28, 1)
        train = damaged('mnist', 'train', 'clean', seed, 50_000, shape)
        fresh = damaged('mnist', 'adapt', 'clean', seed, 4_000, shape)
        test = damaged('mnist', 'test', 'clean', seed, 10_000, shape)
        net = quantized_mlp(_flat(train), train.labels, seed, n_epochs=6)
        model = net.head
        objective = EngineObjective(Reference(), model)
        for name, noise in NOISES.items():
            rng = np.random.default_rng(seed)
            shifted, noisy = (
                Samples(
                    net.features(
                        np.clip(noise(_flat(part), rng), 0, 1).astype(np.float32)
                    ).reshape(len(part), 1, 1, -1),
                    part.labels,
                )
                for part in (fresh, test)
            )
            table.add(name, 'frozen', accuracy(objective, model.weights, noisy))
            for column, updater in {
                'row_es int16, 205 k': RowEs(seed),
                'row_es int16, 2.46 M': RowEs(seed, n_evaluations=2_460_000),
                'row_es int8, 205 k': RowEs(seed, form='int8'),
                'row_es int8, 2.46 M': RowEs(seed, n_evaluations=2_460_000, form='int8'),
                'Adam, 300 x 256': Sgd(seed, n_steps=300, batch_size=256, learning_rate=2.0),
            }.items():
                start = time.process_time()
                better = last(updater, objective, model.weights, shifted)
                if column == 'row_es int16, 205 k':
                    seconds.append(time.process_time() - start)
                table.add(name, column, accuracy(objective, better, noisy))
    short, long = 'row_es int16, 205 k', 'row_es int16, 2.46 M'
    table.print(
        {
            (name, column): float(bar)
            for name, bars in BARS.items()
            for column, bar in zip((short, long), bars, strict=True)
        }
    )
    line('row_es', '205 k evaluations, CPU time', seconds, 's', 'bar', 0.1, low_is_good=True)


def _flat(samples: Samples) -> Array:
    return samples.images.reshape(len(samples), -1).astype(np.float32) / 255


def label_free(seeds: range) -> None:
    """Binary 784-256-256-10 on MNIST and Fashion-MNIST: seven shifts, no label; and the judge."""
    for data, bars in {'mnist': (70.0, 90.0), 'fashion_mnist': (59.0, 79.0)}.items():
        table, changes = Table(f'label-free {data}'), []
        for seed in seeds:
            model = _network(data, seed)
            objective = EngineObjective(Popcount(), model)
            for shift in ('clean', *SHIFTS):
                frames = damaged(data, 'adapt', shift, seed, 192, model.network.input_shape)
                few, guard = frames.take(np.arange(64)), frames.take(np.arange(64, 192))
                test = damaged(data, 'test', shift, seed, N_TEST, model.network.input_shape)
                frozen = accuracy(objective, model.weights, test)
                before = health(objective, model.weights, guard.images)
                table.add(shift, 'frozen', frozen)
                for name, updater in {
                    'recalibration 64': Recalibration(),
                    'mean only 64': Recalibration('mean'),
                    'range 64': Recalibration('range'),
                    'firing rate 64': Recalibration('rate'),
                    'transform search 64': TransformSearch(radius=4, both_axes=False),
                }.items():
                    better = last(updater, objective, model.weights, few)
                    reached = accuracy(objective, better, test)
                    table.add(shift, name, reached)
                    after = health(objective, better, guard.images)
                    rise = after.information - before.information
                    changes.append((shift, reached - frozen, rise))
        table.mean_over(SHIFTS, 'mean of seven')
        names = 'recalibration 64', 'transform search 64'
        table.print({('mean of seven', n): b for n, b in zip(names, bars, strict=True)})
        _judge(f'label-free {data}', changes)


def _judge(case: str, changes: list[tuple[str, float, float]]) -> None:
    """Print how well the rise of the information tells good candidates from bad ones."""
    for name, hard in (('all shifts', ()), ('without shift and invert', ('shift', 'invert'))):
        good = [rise for shift, gain, rise in changes if gain > 1 and shift not in hard]
        bad = [rise for shift, gain, rise in changes if gain < -1 and shift not in hard]
        if good and bad:
            auc = float(np.mean([[g > b for b in bad] for g in good]))
            line(case, f'AUC of the label-free judge, {name}', [auc], '', 'bar', 0.98)
            line(case, f'bad candidates, {name}', [len(bad)], 'candidates')


def memory(seeds: range) -> None:
    """What every updater keeps between runs and in the middle of one, beyond the network."""
    model = Model.load('digits')
    train = damaged('digits', 'adapt', 'shift', 0, 397, model.network.input_shape)
    for name in registry.names('updaters'):
        updater = registry.load('updaters', name)()
        objective = EngineObjective(Popcount(), model)
        run = updater.improve(objective, model.weights, train)
        next(run)
        n_bytes = sum(array.nbytes for array in updater.state().values())
        line('memory', f'{name}, state', [n_bytes / 1024], 'kB', 'bar', 256.0, low_is_good=True)
        run.close()


def _network(data: str, seed: int) -> Model:
    """Return the binary MLP of a data set and seed, trained on 50,000 images once."""
    path = NETWORKS / f'{data}-{seed}.model'
    if not path.exists():
        train = pool_of(data, 'train', seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        binary_mlp(train.images, train.labels, seed, n_epochs=4, n_batch=128).save(path)
    return Model.load(str(path))


CASES: dict[str, Callable[[range], None]] = {
    case.__name__: case for case in (digits, incremental, split, row_es, label_free, memory)
}


def main() -> None:
    global NETWORKS
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--cases', default=','.join(CASES))
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--first-seed', type=int, default=FIRST_SEED)
    parser.add_argument('--networks', type=Path, default=NETWORKS)
    options = parser.parse_args()
    NETWORKS = options.networks
    for name in options.cases.split(','):
        CASES[name](range(options.first_seed, options.first_seed + options.seeds))


if __name__ == '__main__':
    main()
