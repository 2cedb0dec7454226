"""Scenes in a row, by themselves: false alarms, delays and ramps of `scene_odds`."""

from __future__ import annotations

from _drift_bench import Bench, line, SHIFTS
from edge_adapt import registry
from edge_adapt.drift import Reference
from edge_adapt.drift._record import Record
from edge_adapt.drift._replay import watched_alarms, watched_delays
from edge_adapt.records import Array
import numpy as np

N_STREAMS, N_CHANGED = 30, 2000


def scenes(bench: Bench) -> None:
    """False alarms in every order; delays where scenes of a class come in runs, and one by one."""
    if bench.reference.odds is None:
        return
    detector = registry.load('drift', 'scene_odds')(bench.reference)
    report = bench.report
    for order in bench.orders:
        rng = np.random.default_rng([bench.seed, 15])
        indices = order(report.classes, report.runs, bench.n_frames, rng)
        detector.reset()
        found = watched_alarms(detector, report, indices)
        metric = f'scene_odds, {order.__name__}, {len(indices)} frames'
        line(bench.case, metric, 1e5 * found.mean(), 'false alarms / 100000')
    for order in bench.orders[:-1]:
        for name in SHIFTS:
            rng = np.random.default_rng([bench.seed, 16])
            after = watched_delays(
                *(detector, report, bench.shifted[name], order, rng),
                n_streams=N_STREAMS,
                n_changed=N_CHANGED,
            )
            middle, late = np.quantile(after, [0.5, 0.95], method='higher')
            metric = f'scene_odds, {order.__name__}, {name}'
            line(bench.case, f'{metric}, delay median', middle, 'frames')
            line(bench.case, f'{metric}, delay 95 %', late, 'frames')


def scene_ramps(reference: Reference, records: list[Record], shown: Array) -> Array:
    """Return the frame at which each stream alarms, its last where none does; (n_streams,)."""
    detector = registry.load('drift', 'scene_odds')(reference)
    joined = _joined(records)
    firsts = []
    for row in shown:
        detector.reset()
        found = watched_alarms(detector, joined, row)
        firsts.append(found.argmax() if found.any() else len(row) - 1)
    return np.array(firsts)


def _joined(records: list[Record]) -> Record:
    first, *_ = records
    return Record(
        {name: np.concatenate([r.features[name] for r in records]) for name in first.features},
        np.concatenate([record.predicted for record in records]),
        np.concatenate([record.classes for record in records]),
        np.concatenate([record.runs for record in records]),
        first.independent,
    )
