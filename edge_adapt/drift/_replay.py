"""Replays the detector over many streams that are drawn from frames recorded once."""

from __future__ import annotations

from edge_adapt.drift import _orders, DriftDetector
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._record import Record
from edge_adapt.drift._run_statistic import RunStatistic
from edge_adapt.drift._watcher import COOL_DOWN, WARM_UP
from edge_adapt.records import Array
import numpy as np


def alarms(normal: Normal, residuals: Array, predicted: Array, indices: Array) -> Array:
    """
    Return which frames end in a detection, (n_streams, n_frames) bool.

    residuals (n, d) and predicted (n,) are of recorded frames; row i of `indices` (n_streams,
    n_frames) says which of them stream i shows. Warm-up and cool-down are as in the detector.
    """
    n_streams, n_frames = indices.shape
    statistic = RunStatistic(normal, n_streams, np.float32)
    wait = np.full(n_streams, WARM_UP)
    found = np.zeros(indices.shape, bool)
    for t in range(n_frames):
        shown = indices[:, t]
        ratios = statistic.update(residuals[shown], predicted[shown]) / normal.thresholds
        wait -= 1
        fires = (ratios.max(axis=(1, 2)) > 1) & (wait <= 0)
        if fires.any():
            found[:, t] = fires
            statistic.restart(fires)
            wait[fires] = COOL_DOWN
    return found


def delays(
    normal: Normal,
    clean: Record,
    changed: Record,
    order: _orders.Order,
    rng: np.random.Generator,
    n_streams: int = 64,
    n_clean: int = 200,
    n_changed: int = 400,
) -> Array:
    """
    Return after how many frames of the change each stream detects it, (n_streams,); inf for never.

    1 is the first changed frame. Detections before the change start the cool-down, as on a robot.
    """
    before = [order(clean.classes, clean.runs, n_clean, rng) for _ in range(n_streams)]
    after = [order(changed.classes, changed.runs, n_changed, rng) for _ in range(n_streams)]
    indices = np.concatenate([np.stack(before), len(clean) + np.stack(after)], axis=1)
    parts = [normal.residuals(normal.gather(r.features), r.predicted) for r in (clean, changed)]
    predicted = np.concatenate([clean.predicted, changed.predicted])
    found = alarms(normal, np.concatenate(parts), predicted, indices)[:, n_clean:]
    return np.where(found.any(axis=1), found.argmax(axis=1) + 1.0, np.inf)


def watched_delays(
    detector: DriftDetector,
    clean: Record,
    changed: Record,
    order: _orders.Order,
    rng: np.random.Generator,
    n_streams: int = 32,
    n_clean: int = 100,
    n_changed: int = 400,
) -> Array:
    """Return the same of any detector, which is shown one stream after the other."""
    found = np.full(n_streams, np.inf)
    for stream in range(n_streams):
        detector.reset()
        for seen in clean.observations(order(clean.classes, clean.runs, n_clean, rng)):
            detector.update(seen)
        after = changed.observations(order(changed.classes, changed.runs, n_changed, rng))
        for n_frames, seen in enumerate(after, 1):
            detector.update(seen)
            if detector.drift_detected:
                found[stream] = n_frames
                break
    return found


def watched_alarms(detector: DriftDetector, record: Record, indices: Array) -> Array:
    """Return which of the frames of a record that are shown in turn end in a detection, (n,)."""
    found = np.zeros(len(indices), bool)
    for n_frames, seen in enumerate(record.observations(indices)):
        detector.update(seen)
        found[n_frames] = detector.drift_detected
    return found
