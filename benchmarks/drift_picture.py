"""
The trade-off of every drift detector: false alarms against delay, as a table and a picture.

usage: python benchmarks/drift_picture.py [--data NAME] [--seed N] [--picture PNG]

Each detector runs at several settings of its own knob, from nervous to calm, on the same clean
frames in runs of one class and on the same seven shifts. Prints JSON lines.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from _drift_bench import Bench, line, observation, SHIFTS
from edge_adapt import registry
from edge_adapt.drift import DriftDetector
from edge_adapt.drift._orders import class_runs
from edge_adapt.drift._replay import alarms, delays
import matplotlib as mpl
import numpy as np

mpl.use('Agg')
from matplotlib import pyplot

FACTORS = (0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.3, 1.6)
KNOBS: dict[str, tuple[str, tuple[float, ...]]] = {
    'adwin': ('delta', (0.2, 0.002, 1e-5, 1e-10, 1e-20)),
    'page_hinkley': ('threshold', (5, 20, 50, 100, 200)),
    'kswin': ('alpha', (0.005, 1e-4, 1e-6)),
    'poem': ('wealth', (1e2, 1e3, 1e5, 1e8)),
    'first_layer_kl': ('threshold', (0.1, 0.3, 0.5, 1.0, 3.0)),
    'sequential_centroids': ('threshold', (0.1, 0.2, 0.3, 0.5, 0.8)),
}
ENSEMBLE_FACTORS = (0.4, 0.65, 1.0, 1.3)
WATCHED = 300  # frames after a change: a later detection counts as a miss, at this delay
OURS = ('class_conditional', 'corruption_bank', 'ensemble')
Point = tuple[str, float, float, float]  # knob, false alarms / 100000, median, 95 % delay


def ours(bench: Bench, normal: Any, n_frames: int) -> list[Point]:
    """Return the points of a detector whose thresholds are scaled by factors."""
    report = bench.report
    residuals = normal.residuals(normal.gather(report.features), report.predicted)
    points = []
    for factor in FACTORS:
        scaled = replace(normal, thresholds=normal.thresholds * np.float32(factor))
        rng = np.random.default_rng([bench.seed, 20])
        indices = bench.draw(class_runs, rng, n_frames)
        found = alarms(scaled, residuals, report.predicted, indices)
        after = np.concatenate(
            [
                delays(scaled, report, shifted, class_runs, rng, 32, n_changed=WATCHED)
                for shifted in bench.shifted.values()
            ]
        )
        points.append((f'x {factor}', 1e5 * found.sum() / found.size, *_spread(after)))
    return points


def scaled(bench: Bench, factor: float) -> DriftDetector:
    """Return the ensemble whose members A and B have thresholds scaled by a factor."""
    clean, bank = (
        replace(normal, thresholds=normal.thresholds * np.float32(factor))
        for _, normal in bench.normals
    )
    reference = replace(bench.reference, clean=clean, bank=bank)
    made: DriftDetector = registry.load('drift', 'ensemble')(reference)
    return made


def fed(
    bench: Bench, make: Callable[[float], DriftDetector], values: tuple[float, ...], n_frames: int
) -> list[Point]:
    """Return the points of a detector that is fed frame by frame; a value is its knob."""
    rng = np.random.default_rng([bench.seed, 21])
    report = bench.report
    clean = [
        observation(report, i) for i in class_runs(report.classes, report.runs, n_frames, rng)
    ]
    points = []
    for value in values:
        detector = make(value)
        n_alarms = 0
        for frame in clean:
            detector.update(frame)
            n_alarms += detector.drift_detected
        after = []
        for i, name in enumerate(SHIFTS * 3):
            detector = make(value)
            start = 200 * i % (n_frames - 199)  # clean frames before the change
            for frame in clean[start : start + 200]:
                detector.update(frame)
            shifted = bench.shifted[name]
            order = class_runs(shifted.classes, shifted.runs, WATCHED, rng)
            after.append(_first(detector, (observation(shifted, index) for index in order)))
        points.append((f'{value:g}', 1e5 * n_alarms / n_frames, *_spread(np.array(after))))
    return points


def _first(detector: DriftDetector, frames: Any) -> float:
    for delay, frame in enumerate(frames, 1):
        detector.update(frame)
        if detector.drift_detected:
            return delay
    return np.inf


def _spread(after: Any) -> tuple[float, float]:
    middle, late = np.quantile(np.minimum(after, WATCHED), [0.5, 0.95], method='higher')
    return float(middle), float(late)


def draw(curves: dict[str, list[Point]], path: Path, title: str) -> None:
    """Draw false alarms against the median delay, one line a detector."""
    figure, axes = pyplot.subplots(figsize=(9, 5), layout='constrained')
    for name, points in curves.items():
        is_ours = name in OURS
        # none seen is drawn at a tenth of an alarm, for the axis is logarithmic
        alarms_ = [max(point[1], 0.1) for point in points]
        axes.plot(
            [point[2] for point in points], alarms_, 'o-' if is_ours else 's--',
            label=name, linewidth=2.5 if is_ours else 1, markersize=4,
        )  # fmt: skip
    axes.axhline(1, color='grey', linewidth=0.8, linestyle=':')
    axes.text(WATCHED, 1.1, '1 per 100000', ha='right', fontsize=8, color='grey')
    axes.set(xscale='log', yscale='log', title=title)
    axes.set_xlabel(f'median delay over seven shifts in frames ({WATCHED}: missed)')
    axes.set_ylabel('false alarms per 100000 frames, classes in runs (0.1: none)')
    axes.legend(fontsize=8, loc='center left', bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--data', default='digits')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--frames', type=int, default=256_000)
    parser.add_argument('--peer-frames', type=int, default=10_000)
    parser.add_argument('--picture', type=Path, default=Path('drift.png'))
    arguments = parser.parse_args()
    bench = Bench(arguments.data, arguments.seed, arguments.frames)
    assert bench.reference.bank is not None
    curves = {
        'class_conditional': ours(bench, bench.reference.clean, arguments.frames),
        'corruption_bank': ours(bench, bench.reference.bank, arguments.frames),
    }
    n_fed = arguments.peer_frames
    curves['ensemble'] = fed(bench, partial(scaled, bench), ENSEMBLE_FACTORS, n_fed)
    for name, (knob, values) in KNOBS.items():
        member = registry.load('drift', name)

        def make(value: float, member: Any = member, knob: str = knob) -> DriftDetector:
            made: DriftDetector = member(bench.reference, **{knob: value})
            return made

        curves[name] = fed(bench, make, values, n_fed)
    for name, points in curves.items():
        for setting, n_alarms, middle, late in points:
            case = f'{bench.case}, {name} at {setting}'
            line(case, 'class runs', n_alarms, 'false alarms / 100000')
            line(case, 'delay median over shifts', middle, 'frames')
            line(case, 'delay 95 % over shifts', late, 'frames')
    draw(curves, arguments.picture, f'{bench.case}: drift detectors on classes in runs')


if __name__ == '__main__':
    main()
