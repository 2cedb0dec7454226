"""Known domains, corruptions left out of the bank, frames without information."""

from __future__ import annotations

from typing import Any

from _drift_bench import Bench, line, observation, SHIFTS
from edge_adapt import registry
from edge_adapt.drift import Signature
from edge_adapt.drift._replay import delays
from edge_adapt.drift._signature import N_FRAMES
from edge_adapt.signals import IMAGE_GROUPS
import numpy as np


def domains(bench: Bench, n_frames: int = 64) -> None:
    rng = np.random.default_rng([bench.seed, 5])
    records = {'clean': bench.report, **bench.shifted}
    images = {
        name: np.concatenate([r.features[group] for group in IMAGE_GROUPS], axis=1)
        for name, r in records.items()
    }
    order, report = bench.orders[0], bench.report

    def window(name: str, n: int = n_frames) -> Any:
        return images[name][order(report.classes, report.runs, n, rng)]

    right = dict.fromkeys(records, 0)
    new = dict.fromkeys(SHIFTS, 0)
    for _ in range(100):
        known = {name: Signature.of(window(name, N_FRAMES)) for name in SHIFTS}
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
    for out in dict.fromkeys(name.partition('@')[0] for name in bench.bank_records):
        kept = {name: r for name, r in bench.bank_records.items() if name.partition('@')[0] != out}
        bank = bench.calibrated(kept).bank
        assert bank is not None
        name = out
        for label, normal in (('bank without it', bank), ('detector A', bench.reference.clean)):
            rng = np.random.default_rng([bench.seed, 6])
            found = delays(normal, bench.report, bench.shifted[name], bench.orders[0], rng)
            middle, late = np.quantile(found, [0.5, 0.95], method='higher')
            line(bench.case, f'{name} by {label}, delay median', middle, 'frames')
            line(bench.case, f'{name} by {label}, delay 95 %', late, 'frames')


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
