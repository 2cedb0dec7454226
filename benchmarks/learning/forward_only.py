"""The last layer of an 8-bit network after noise, by forward passes, beside back-propagation."""

from __future__ import annotations

from collections.abc import Callable
import time

from _damage import damaged
from _mlps import quantized_mlp
from edge_adapt.engines.reference import Reference
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.population import score_heads
from edge_adapt.records import Array, Samples
from edge_adapt.updaters.row_es import RowEs
from edge_adapt.updaters.sgd import Sgd
from learning.table import accuracy, last, line, Setting, Table
import numpy as np

NOISES: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    'gauss 0.3': lambda x, rng: x + rng.normal(0, 0.3, x.shape),
    'gauss 0.5': lambda x, rng: x + rng.normal(0, 0.5, x.shape),
    'salt-pepper 0.2': lambda x, rng: _salted(x, rng.random(x.shape)),
    'brightness +0.4': lambda x, rng: x + 0.4,
}
BARS = {'gauss 0.3': (88, 89.5), 'gauss 0.5': (72, 76.5)}
BARS |= {'salt-pepper 0.2': (82, 83.5), 'brightness +0.4': (86, 91)}
SHORT, LONG = 'row_es int16, 205 k', 'row_es int16, 2.46 M'
N_SHORT, N_LONG = 205_000, 2_460_000
N_TIMES = 5


def row_es(setting: Setting) -> None:
    """784-64-32-10, 8 bit: the last layer after noise, 4,000 labels, by forward passes."""
    table = Table('row_es')
    for seed in setting.seeds:
        shape = (28, 28, 1)
        train = damaged('mnist', 'train', 'clean', seed, 50_000, shape)
        fresh = damaged('mnist', 'adapt', 'clean', seed, 4_000, shape)
        test = damaged('mnist', 'test', 'clean', seed, 10_000, shape)
        net = quantized_mlp(_flat(train), train.labels, seed, n_epochs=6)
        model = net.head
        objective = EngineObjective(Reference(), model)
        for name, noise in {'clean': lambda x, rng: x, **NOISES}.items():
            rng = np.random.default_rng(seed)
            shifted, noisy = (
                Samples(_features(net.features, noise(_flat(part), rng)), part.labels)
                for part in (fresh, test)
            )
            table.add(name, 'frozen', accuracy(objective, model.weights, noisy))
            if name == 'clean':
                continue
            for column, updater in {
                SHORT: RowEs(seed),
                LONG: RowEs(seed, n_evaluations=N_LONG),
                'row_es int8, 205 k': RowEs(seed, form='int8'),
                'row_es int8, 2.46 M': RowEs(seed, n_evaluations=N_LONG, form='int8'),
                'Adam, 300 x 256': Sgd(seed, n_steps=300, batch_size=256, learning_rate=2.0),
            }.items():
                better = last(updater, objective, model.weights, shifted)
                table.add(name, column, accuracy(objective, better, noisy))
        if seed == setting.seeds[0]:
            _time(objective, shifted)
    table.print(
        {
            (name, column): float(bar)
            for name, bars in BARS.items()
            for column, bar in zip((SHORT, LONG), bars, strict=True)
        }
    )


def _time(objective: EngineObjective, samples: Samples) -> None:
    """Print the time of 205 k evaluations, beside as many dense candidates scored natively."""
    rng = np.random.default_rng(0)
    x = objective.value(objective.base, samples.images, 'head').reshape(len(samples), -1)
    bits = np.where(x > np.median(x, axis=0), 1, -1).astype(np.int8)
    heads = rng.integers(-127, 128, (32, 10, x.shape[1])).astype(np.int8)
    biases = np.zeros((32, 10), np.int32)
    ours, dense = [], []
    for _ in range(N_TIMES):
        start = time.process_time()
        last(RowEs(1), objective, objective.base, samples)
        ours.append(time.process_time() - start)
        start = time.process_time()
        for batch in rng.integers(0, len(bits), (25, 256)):  # 32 * 25 * 256 = 204,800
            score_heads(heads, biases, bits[batch], samples.labels[batch])
        dense.append(time.process_time() - start)
    line('row_es', '205 k evaluations, CPU time', ours, 's', 'bar', 0.1, low_is_good=True)
    name = '205 k dense candidates on bits, native score_heads'
    line('row_es', '205 k evaluations', ours, 's', name, float(np.mean(dense)), low_is_good=True)


def _features(features: Callable[[Array], Array], x: Array) -> Array:
    """Return the features of images in 0..1 as images of the head (n, 1, 1, n_in)."""
    return features(np.clip(x, 0, 1).astype(np.float32)).reshape(len(x), 1, 1, -1)


def _flat(samples: Samples) -> Array:
    return samples.images.reshape(len(samples), -1).astype(np.float32) / 255


def _salted(x: Array, chance: Array) -> Array:
    return np.where(chance < 0.1, 0.0, np.where(chance > 0.9, 1.0, x))
