"""False alarms, delays, severities, bad frames and ramps, replayed side by side."""

from __future__ import annotations

from _drift_bench import accuracy, Bench, line, SHIFTS
from _drift_scenes import scene_ramps
from edge_adapt import registry
from edge_adapt.drift import DriftDetector
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._record import Record
from edge_adapt.drift._replay import alarms, delays, watched_delays
from edge_adapt.records import Array
import numpy as np

BAD_SHARE = 1 / 200
RAMP_LEVELS = np.arange(1, 11) / 10


def false_alarms(bench: Bench) -> None:
    line(bench.case, 'accuracy', 100 * accuracy(bench.report), '%')
    for order in bench.orders:
        rng = np.random.default_rng([bench.seed, 1])
        indices = bench.draw(order, rng, bench.n_frames)
        for label, normal in bench.normals:
            found = alarms(normal, _residuals(normal, bench.report), *_shown(bench, indices))
            metric = f'{label}, {order.__name__}, {indices.size} frames'
            line(bench.case, metric, 1e5 * found.sum() / found.size, 'false alarms / 100000')
            n_tracks = len(np.unique(bench.report.runs[indices[found]]))
            line(bench.case, f'{metric}, scenes that alarmed', n_tracks, 'scenes')


def ensemble(bench: Bench) -> None:
    """The ensemble itself, frame by frame: false alarms, and delays of 40 streams a shift."""
    detector = registry.load('drift', 'ensemble')(bench.reference)
    for order in bench.orders:
        rng = np.random.default_rng([bench.seed, 11])
        indices = order(bench.report.classes, bench.report.runs, bench.n_frames, rng)
        detector.reset()
        told = watched_members(detector, bench.report, indices)
        found = np.array([name != '' for name in told])
        metric = f'ensemble, {order.__name__}, {len(indices)} frames'
        line(bench.case, metric, 1e5 * found.mean(), 'false alarms / 100000')
        n_scenes = len(np.unique(bench.report.runs[indices[found]]))
        line(bench.case, f'{metric}, scenes that alarmed', n_scenes, 'scenes')
        for name in sorted({*told} - {''}):
            rate = 1e5 * told.count(name) / len(told)
            line(bench.case, f'{metric}, by {name}', rate, 'false alarms / 100000')
    for name in SHIFTS:
        rng = np.random.default_rng([bench.seed, 12])
        found = watched_delays(
            detector, bench.report, bench.shifted[name], bench.orders[0], rng, n_streams=40
        )
        middle, late = np.quantile(found, [0.5, 0.95], method='higher')
        line(bench.case, f'ensemble, {name}, delay median', middle, 'frames')
        line(bench.case, f'ensemble, {name}, delay 95 %', late, 'frames')


def watched_members(detector: DriftDetector, record: Record, indices: Array) -> list[str]:
    """Return which member alarms at each of the frames that are shown in turn, '' where none."""
    told = []
    for observation in record.observations(indices):
        detector.update(observation)
        found = detector.detection
        told.append('' if found is None else f'{found.details["member"]} {found.group}')
    return told


def delay(bench: Bench) -> None:
    _delays(bench, SHIFTS)


def severities(bench: Bench) -> None:
    """Severities 1 to 5 of 5."""
    _delays(bench, [f'{name}@{level / 5:g}' for name in SHIFTS for level in range(1, 6)])


def _delays(bench: Bench, names: list[str] | tuple[str, ...]) -> None:
    for name in names:
        shifted = bench.shifted.get(name) or bench.record(bench.report_pool, name)
        lost = 100 * (accuracy(bench.report) - accuracy(shifted))
        for label, normal in bench.normals:
            rng = np.random.default_rng([bench.seed, 2])
            found = delays(normal, bench.report, shifted, bench.orders[0], rng, n_streams=100)
            middle, late = np.quantile(found, [0.5, 0.95], method='higher')
            metric = f'{label}, {name} ({lost:.0f} points lost)'
            line(bench.case, f'{metric}, delay median', middle, 'frames')
            line(bench.case, f'{metric}, delay 95 %', late, 'frames')


def bad_frames(bench: Bench) -> None:
    normal = bench.reference.clean
    residuals, predicted = _stacked(normal, [bench.report, *bench.shifted.values()])
    for order in bench.orders:
        rng = np.random.default_rng([bench.seed, 3])
        indices = bench.draw(order, rng, 400_000)
        bad = rng.random(indices.shape) < BAD_SHARE
        which = rng.integers(len(bench.report), len(predicted), indices.shape)
        found = alarms(normal, residuals, predicted, np.where(bad, which, indices))
        line(bench.case, f'1 bad frame in 200, {order.__name__}', found.sum(), 'alarms / 400000')


def ramps(bench: Bench, n_ramp: int = 2000) -> None:
    """A shift that grows over 2,000 frames; any of the detectors may alarm."""
    order, report = bench.orders[-2], bench.report
    for name in SHIFTS:
        levels = [bench.record(bench.report_pool, f'{name}@{level:g}') for level in RAMP_LEVELS]
        right = np.array([accuracy(r) for r in (report, *levels)])
        rng = np.random.default_rng([bench.seed, 4])
        indices = np.stack([order(report.classes, report.runs, n_ramp, rng) for _ in range(30)])
        # the severity rises evenly; between two steps of 0.1 chance decides
        step = np.floor(np.linspace(0, 10, n_ramp) + rng.random(indices.shape)).clip(0, 10)
        shown = indices + len(report) * step.astype(int)
        firsts = []
        for label, normal in bench.normals:
            found = alarms(normal, *_stacked(normal, [report, *levels]), shown)
            firsts.append(np.where(found.any(axis=1), found.argmax(axis=1), n_ramp - 1))
            _ramp_lines(bench, f'{label}, ramp of {name}', firsts[-1], right, n_ramp)
        _ramp_lines(bench, f'either, ramp of {name}', np.min(firsts, axis=0), right, n_ramp)
        if bench.reference.odds is not None:
            firsts.append(scene_ramps(bench.reference, [report, *levels], shown))
            _ramp_lines(bench, f'scene_odds, ramp of {name}', firsts[-1], right, n_ramp)
            first = np.min(firsts, axis=0)
            _ramp_lines(bench, f'any of the three, ramp of {name}', first, right, n_ramp)


def _ramp_lines(bench: Bench, metric: str, first: Array, right: Array, n_ramp: int) -> None:
    lost = 100 * (right[0] - np.interp(10 * first / n_ramp, np.arange(11), right))
    line(bench.case, f'{metric}, lost at alarm, median', np.median(lost), 'points')
    line(bench.case, f'{metric}, lost at alarm, worst of 30', lost.max(), 'points')


def _residuals(normal: Normal, record: Record) -> Array:
    return normal.residuals(normal.gather(record.features), record.predicted)


def _stacked(normal: Normal, records: list[Record]) -> tuple[Array, Array]:
    residuals = [_residuals(normal, record) for record in records]
    return np.concatenate(residuals), np.concatenate([record.predicted for record in records])


def _shown(bench: Bench, indices: Array) -> tuple[Array, Array]:
    return bench.report.predicted, indices
