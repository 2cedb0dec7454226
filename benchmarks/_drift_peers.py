"""River and the named baselines at their defaults, on the same streams as our own detectors."""

from __future__ import annotations

from _drift_bench import Bench, line, observation
from edge_adapt import registry
import numpy as np

MEMBERS = (
    *('adwin', 'page_hinkley', 'kswin', 'poem', 'first_layer_kl', 'sequential_centroids'),
    'ensemble',
)


def peers(bench: Bench, n_frames: int = 10_000) -> None:
    rng = np.random.default_rng([bench.seed, 8])
    order = bench.orders[0]
    clean = order(bench.report.classes, bench.report.runs, n_frames, rng)
    for member in MEMBERS:
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
