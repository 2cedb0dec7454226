"""
False alarms and delays of the drift detectors, on streams drawn from real images.

usage: python benchmarks/drift.py [--data NAMES] [--cases NAMES] [--seeds N] [--frames N]

Prints JSON lines; `ratio` above 1 is better than the peer. `digits` runs the shipped network; the
others need EDGE_ADAPT_DATA and run a network of random binary features with a fitted head, made
here in seconds. Every seed splits the images that the network did not learn from into a reference
and a report half; thresholds come from the reference half alone. Streams of a million frames
draw from some hundred or thousand distinct images, so the figures describe recombination.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
import json
import time
from typing import Any

from edge_adapt import registry, signals
from edge_adapt.corruptions import corrupt_all, Damage
from edge_adapt.drift import DriftDetector, Reference, Signature
from edge_adapt.drift._calibration import calibrate, Knobs
from edge_adapt.drift._orders import class_runs, class_runs_of_tracks, Order, shuffled, tracks
from edge_adapt.drift._record import Record
from edge_adapt.drift._replay import alarms, delays
from edge_adapt.networks.layers import Dense, Head, Threshold
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.pipeline.inference import Watched
from edge_adapt.pipeline.recording import record
from edge_adapt.records import Observation, Weights
from edge_adapt.signals import IMAGE_GROUPS
from edge_adapt.streams import Pool
import numpy as np

SHIFTS = ('noise', 'contrast', 'low_contrast', 'invert', 'dead', 'shift', 'blur')
BAD_SHARE = 1 / 200
N_STREAMS = 128
SPLITS = {  # data set -> (network learns from, reference and report are drawn from, frames)
    'digits': ('', 'adapt+test', 797),
    'mnist': ('train', 'adapt+test', 14000),
    'fashion_mnist': ('train', 'adapt+test', 14000),
    'gtsrb': ('train', 'adapt', 9000),
}


def line(case: str, metric: str, value: float, unit: str, peer: str = '', peer_value: Any = None):
    """Print one figure, small is good; null stands for never."""
    ratio = None if peer_value is None else round((peer_value + 1e-9) / (value + 1e-9), 3)
    shown = round(float(value), 3) if np.isfinite(value) else None
    figures = {'case': case, 'metric': metric, 'value': shown, 'unit': unit}
    print(json.dumps({**figures, 'peer': peer, 'peer_value': peer_value, 'ratio': ratio}))


@dataclass
class Bench:
    """One data set and seed: its network, reference and report images, and the reference."""

    name: str
    seed: int
    n_frames: int

    def __post_init__(self) -> None:
        learn, others, n = SPLITS[self.name]
        stream = registry.load('streams', self.name)
        self.grid = stream.grid.small
        pool = stream.pool(others)
        rng = np.random.default_rng(self.seed)
        scenes = rng.permutation(np.unique(pool.tracks))
        in_reference = np.isin(pool.tracks, scenes[: len(scenes) // 2])
        self.model = Model.load('digits') if not learn else random_network(stream.pool(learn))
        engine = registry.load('engines', 'popcount')()
        self.infer = engine.prepare(self.model.network, self.model.weights)
        self.reference_pool = pool.take(np.flatnonzero(in_reference)[: n // 2])
        self.report_pool = pool.take(np.flatnonzero(~in_reference)[: n // 2])
        clean = self.record(self.reference_pool)
        bank = {
            name: self.record(self.reference_pool, name.split('@')[0], float(name.split('@')[1]))
            for name in ('noise@1', 'contrast@1', 'low_contrast@1', 'invert@1', 'dead@1')
        }
        self.bank_records, self.clean = bank, clean
        self.reference = self.calibrated(bank)
        self.report = self.record(self.report_pool)
        self.shifted = {name: self.record(self.report_pool, name) for name in SHIFTS}
        self.orders: list[Order] = [class_runs, shuffled]
        if not clean.independent:
            self.orders = [class_runs_of_tracks, tracks, shuffled]

    def calibrated(self, bank: dict[str, Record]) -> Reference:
        n_classes = self.model.network.head.n_classes
        version = self.model.weights.version
        knobs = Knobs(n_frames=100_000, seed=self.seed)
        return calibrate(self.clean, n_classes, version, knobs, corrupted=bank)

    def record(self, pool: Pool, corruption: str = '', severity: float = 1.0) -> Record:
        images = pool.images
        if corruption:
            damage = Damage(severity, self.grid, seed=self.seed + 7, segment_seed=self.seed + 8)
            images = corrupt_all(images, corruption, damage)
        shape = self.model.network.input_shape
        samples = replace(pool, images=images).samples(shape)
        return record(self.model.network, self.infer, samples.images, pool.labels, pool.tracks)

    @property
    def case(self) -> str:
        return f'{self.name} seed {self.seed}'

    def draw(self, order: Order, rng: np.random.Generator, n_frames: int) -> Any:
        length = max(n_frames // N_STREAMS, 1000)
        rows = [
            order(self.report.classes, self.report.runs, length, rng) for _ in range(N_STREAMS)
        ]
        return np.stack(rows)


def random_network(pool: Pool, width: int = 512) -> Model:
    """Return a network of random binary features whose head is fitted by least squares."""
    rng = np.random.default_rng(0)
    keep = rng.permutation(len(pool))[:20_000]
    images, labels = pool.images[keep], pool.labels[keep]
    n_in, n_classes = int(np.prod(images.shape[1:])), int(pool.labels.max()) + 1
    network = Network(
        'random features',
        images.shape[1:],
        (
            Dense(name='dense1', n_in=n_in, n_out=width),
            Threshold(name='threshold1', n=width),
            Dense(name='dense2', n_in=width, n_out=width),
            Threshold(name='threshold2', n=width),
            Head(name='head', n_in=width, n_classes=n_classes),
        ),
        tuple(map(str, range(n_classes))),
    )
    first = rng.choice(np.array([-1, 1], np.int8), (width, n_in))
    second = rng.choice(np.array([-1, 1], np.int8), (width, width))
    values = images.reshape(len(images), -1).astype(np.float32) - 128
    sums = values @ first.T.astype(np.float32)
    limits = [np.round(np.median(sums, axis=0) + 0.7 * rng.normal(size=width) * sums.std(axis=0))]
    bits = np.where(sums >= limits[0], 1, -1).astype(np.float32)
    sums = bits @ second.T.astype(np.float32)
    limits.append(np.median(sums, axis=0))
    bits = np.where(sums >= limits[1], 1, -1).astype(np.float64)
    targets = 2.0 * np.eye(n_classes)[labels] - 1
    fitted = np.linalg.solve(bits.T @ bits + 100 * np.eye(width), bits.T @ targets)
    step = np.abs(fitted).max() / 127
    zeros = np.zeros(width, np.uint8)
    return Model(
        network,
        Weights(
            {
                'dense1.weights': first,
                'threshold1.thresholds': limits[0].astype(np.int32),
                'threshold1.flips': zeros,
                'dense2.weights': second,
                'threshold2.thresholds': limits[1].astype(np.int32),
                'threshold2.flips': zeros,
                'head.weights': np.round(fitted.T / step).astype(np.int8),
                'head.bias': np.round(targets.mean(axis=0) / step).astype(np.int32),
                'head.scale': np.float32(6 * step),
            }
        ),
    )


def false_alarms(bench: Bench) -> None:
    right = np.mean(bench.report.predicted == bench.report.classes)
    line(bench.case, 'accuracy', 100 * right, '%')
    for order in bench.orders:
        rng = np.random.default_rng([bench.seed, 1])
        indices = bench.draw(order, rng, bench.n_frames)
        for label, normal in normals(bench):
            residuals = normal.residuals(
                normal.gather(bench.report.features), bench.report.predicted
            )
            found = alarms(normal, residuals, bench.report.predicted, indices)
            metric = f'{label}, {order.__name__}, {indices.size} frames'
            line(bench.case, metric, 1e5 * found.sum() / found.size, 'false alarms / 100000')


def normals(bench: Bench) -> Iterator[tuple[str, Any]]:
    yield 'class_conditional', bench.reference.clean
    assert bench.reference.bank is not None
    yield 'corruption_bank', bench.reference.bank


def delay(bench: Bench) -> None:
    for label, normal in normals(bench):
        for name, shifted in bench.shifted.items():
            rng = np.random.default_rng([bench.seed, 2])
            found = delays(normal, bench.report, shifted, bench.orders[0], rng, n_streams=100)
            middle, late = np.quantile(found, [0.5, 0.95], method='higher')
            lost = np.mean(bench.report.predicted == bench.report.classes) - np.mean(
                shifted.predicted == shifted.classes
            )
            metric = f'{label}, {name} ({100 * lost:.0f} points lost)'
            line(bench.case, f'{metric}, delay median', middle, 'frames')
            line(bench.case, f'{metric}, delay 95 %', late, 'frames')


def bad_frames(bench: Bench) -> None:
    records = [bench.report, *bench.shifted.values()]
    normal = bench.reference.clean
    residuals = np.concatenate(
        [normal.residuals(normal.gather(r.features), r.predicted) for r in records]
    )
    predicted = np.concatenate([r.predicted for r in records])
    for order in bench.orders:
        rng = np.random.default_rng([bench.seed, 3])
        indices = bench.draw(order, rng, 400_000)
        bad = rng.random(indices.shape) < BAD_SHARE
        which = rng.integers(len(bench.report), len(predicted), indices.shape)
        found = alarms(normal, residuals, predicted, np.where(bad, which, indices))
        line(bench.case, f'1 bad frame in 200, {order.__name__}', found.sum(), 'alarms / 400000')


def ramps(bench: Bench, n_ramp: int = 2000) -> None:
    levels = np.arange(1, 11) / 10
    normal = bench.reference.clean
    for name in SHIFTS:
        records = [bench.report, *(bench.record(bench.report_pool, name, s) for s in levels)]
        accuracy = np.array([np.mean(r.predicted == r.classes) for r in records])
        residuals = np.concatenate(
            [normal.residuals(normal.gather(r.features), r.predicted) for r in records]
        )
        predicted = np.concatenate([r.predicted for r in records])
        rng = np.random.default_rng([bench.seed, 4])
        order, report = bench.orders[-2], bench.report
        indices = np.stack([order(report.classes, report.runs, n_ramp, rng) for _ in range(30)])
        # the severity rises evenly; between two steps of 0.1 chance decides
        step = np.floor(np.linspace(0, 10, n_ramp) + rng.random(indices.shape)).clip(0, 10)
        found = alarms(normal, residuals, predicted, indices + len(report) * step.astype(int))
        first = np.where(found.any(axis=1), found.argmax(axis=1), n_ramp - 1)
        severity = 10 * first / n_ramp
        lost = 100 * (accuracy[0] - np.interp(severity, np.arange(11), accuracy))
        line(bench.case, f'ramp of {name}, lost at alarm, median', np.median(lost), 'points')
        line(bench.case, f'ramp of {name}, lost at alarm, worst of 30', lost.max(), 'points')


def domains(bench: Bench, n_frames: int = 32) -> None:
    rng = np.random.default_rng([bench.seed, 5])
    records = {'clean': bench.report, **bench.shifted}
    images = {
        name: np.concatenate([r.features[group] for group in IMAGE_GROUPS], axis=1)
        for name, r in records.items()
    }
    order, report = bench.orders[0], bench.report

    def window(name: str) -> Any:
        return images[name][order(report.classes, report.runs, n_frames, rng)]

    right = dict.fromkeys(records, 0)
    new = dict.fromkeys(SHIFTS, 0)
    for _ in range(100):
        known = {name: Signature.of(window(name)) for name in SHIFTS}
        known['clean'] = bench.reference.signature
        for name in records:
            right[name] += bench.reference.nearest(known, window(name)) == name
        for name in SHIFTS:
            others = {key: value for key, value in known.items() if key != name}
            new[name] += bench.reference.nearest(others, window(name)) is None
    for name, n in right.items():
        line(bench.case, f'return to {name} recognised in {n_frames} frames', n, '%')
    for name, n in new.items():
        line(bench.case, f'{name} seen as a new domain in {n_frames} frames', n, '%')


def left_out(bench: Bench) -> None:
    for out in bench.bank_records:
        kept = {name: r for name, r in bench.bank_records.items() if name != out}
        bank = bench.calibrated(kept).bank
        assert bank is not None
        name = out.split('@')[0]
        for label, normal in (('bank without it', bank), ('detector A', bench.reference.clean)):
            rng = np.random.default_rng([bench.seed, 6])
            found = delays(normal, bench.report, bench.shifted[name], bench.orders[0], rng)
            line(bench.case, f'{name} by {label}, delay median', np.median(found), 'frames')


def no_information(bench: Bench) -> None:
    for name in ('uniform', 'black', 'saturated', 'stuck'):
        r = (
            bench.report
            if name == 'stuck'
            else bench.record(bench.report_pool.take(np.arange(200)), name)
        )
        for member in ('information_guard', 'ensemble'):
            found = []
            for i in range(10):
                detector = registry.load('drift', member)(bench.reference)
                rng = np.random.default_rng([bench.seed, 7, i])
                for index in bench.orders[0](bench.report.classes, bench.report.runs, 60, rng):
                    detector.update(observation(bench.report, index))
                detector_delay = np.inf
                for t in range(64):
                    index = i if name == 'stuck' else (i + t) % len(r)
                    detector.update(observation(r, index))
                    if detector.detection is not None:
                        detector_delay = t + 1
                        break
                found.append(detector_delay)
            line(bench.case, f'{name} by {member}, delay worst of 10', max(found), 'frames')


def observation(r: Record, index: int) -> Observation:
    features = {name: values[index] for name, values in r.features.items()}
    error = float(r.predicted[index] != r.classes[index])
    return Observation(0, int(r.predicted[index]), features, error)


def peers(bench: Bench, n_frames: int = 10_000) -> None:
    """River and the named baselines at their defaults, on the same streams as detector A."""
    rng = np.random.default_rng([bench.seed, 8])
    order = bench.orders[0]
    clean = order(bench.report.classes, bench.report.runs, n_frames, rng)
    for member in (
        'adwin',
        'page_hinkley',
        'kswin',
        'poem',
        'first_layer_kl',
        'sequential_centroids',
        'ensemble',
    ):
        detector = registry.load('drift', member)(bench.reference)
        n_alarms = 0
        for index in clean[: n_frames if member != 'kswin' else n_frames // 4]:
            detector.update(observation(bench.report, index))
            n_alarms += detector.drift_detected
        n_seen = n_frames if member != 'kswin' else n_frames // 4
        line(
            bench.case,
            f'{member}, {order.__name__}, {n_seen} frames',
            1e5 * n_alarms / n_seen,
            'false alarms / 100000',
        )
        for name in ('noise', 'invert', 'dead'):
            found = []
            for i in range(9):
                detector = registry.load('drift', member)(bench.reference)
                start = 300 * i
                for index in clean[start : start + 200]:
                    detector.update(observation(bench.report, index))
                after = np.inf
                for t, index in enumerate(clean[start + 200 : start + 500]):
                    detector.update(observation(bench.shifted[name], index))
                    if detector.drift_detected:
                        after = t + 1
                        break
                found.append(after)
            line(bench.case, f'{member}, {name}, delay median of 9', np.median(found), 'frames')


def cost(bench: Bench) -> None:
    """One frame at a time, CPU time; the sides take turns, the best of five rounds counts."""
    images = bench.report_pool.samples(bench.model.network.input_shape).images[:200]
    frames = [observation(bench.report, i) for i in range(200)]
    taps = Watched.of(bench.model.network).taps
    tapped = [bench.infer(image[np.newaxis], taps) for image in images]
    members = {
        name: registry.load('drift', name)(bench.reference)
        for name in ('class_conditional', 'information_guard', 'ensemble', 'adwin')
    }
    sides: dict[str, Callable[[int], Any]] = {
        'inference': lambda i: bench.infer(images[i : i + 1]),
        'signals': lambda i: signals.features(
            images[i], *(tapped[i].taps[name][0] for name in taps), tapped[i].logits[0]
        ),
        **{name: partial(_update, member, frames) for name, member in members.items()},
    }
    spent = dict.fromkeys(sides, np.inf)
    for _ in range(5):
        for name, side in sides.items():
            started = time.process_time()
            for i in range(len(frames)):
                side(i)
            spent[name] = min(spent[name], (time.process_time() - started) / len(frames))
    for name, seconds in spent.items():
        line(
            bench.case,
            f'{name}, a frame',
            1e6 * seconds,
            'us',
            'inference',
            1e6 * spent['inference'],
        )
    line(bench.case, 'class_conditional, state', members['class_conditional'].n_bytes, 'bytes')


def _update(detector: DriftDetector, frames: list[Observation], i: int) -> None:
    detector.update(frames[i])


CASES: dict[str, Callable[[Bench], None]] = {
    function.__name__: function
    for function in (
        *(false_alarms, delay, bad_frames, ramps, domains),
        *(left_out, no_information, peers, cost),
    )
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--data', default='digits', help=f'of {", ".join(SPLITS)}')
    parser.add_argument('--cases', default=','.join(CASES))
    parser.add_argument('--seeds', type=int, default=1)
    parser.add_argument('--frames', type=int, default=1_000_000)
    arguments = parser.parse_args()
    for name in arguments.data.split(','):
        for seed in range(arguments.seeds):
            bench = Bench(name, seed, arguments.frames)
            for case in arguments.cases.split(','):
                CASES[case](bench)


if __name__ == '__main__':
    main()
