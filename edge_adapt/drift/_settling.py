"""
What is normal for weights that the reference was not recorded with.

Adapted weights answer much as the trained ones did in the clean world, not quite: each residual
about the clean reference has a mean of its own. It is learned from the first frames that the
weights answer, as a random-effects mean over runs of one class, with m_r the mean of run r,

    w_r = 1 / (between + within / n_r)      shift = sum w m / sum w      variance = 1 / sum w
    spread = sum w (m - shift)^2 / (R - 1)

Where the runs differ more than they did in the clean world (spread > 1), all variances grow with
it; the variance of the shift is an error that all later frames share.
"""

from __future__ import annotations

from typing import Final

from edge_adapt.drift._fit import with_arrays
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._run_statistic import MAX_GAP
from edge_adapt.records import Array, F64, I64, Observation
import numpy as np

N_FRAMES: Final = 96
MIN_RUNS: Final = 3


class Settling:
    """Collects residuals until there are enough, and moves the clean reference by their mean."""

    def __init__(self, clean: Normal) -> None:
        self._clean = clean
        self._residuals = np.zeros((N_FRAMES, len(clean.within)), np.float32)
        self._predicted = np.zeros(N_FRAMES, np.int64)
        self._n_frames = 0

    @property
    def n_bytes(self) -> int:
        """Return the size of the state, in bytes."""
        return self._residuals.nbytes + self._predicted.nbytes

    def add(self, observation: Observation) -> Normal | None:
        """Take a frame; return what is normal once enough were seen."""
        clean, at = self._clean, self._n_frames % N_FRAMES
        features, predicted = clean.gather(observation.features), observation.predicted
        centred = clean.standardized(features) - clean.class_means[predicted]
        self._residuals[at] = clean.whitening @ centred / clean.class_scales[predicted]
        self._predicted[at] = predicted
        self._n_frames += 1
        if self._n_frames < N_FRAMES:
            return None
        order = np.arange(self._n_frames - N_FRAMES, self._n_frames) % N_FRAMES
        runs = runs_of(self._predicted[order])
        return moved(clean, self._residuals[order], runs) if runs.max() + 1 >= MIN_RUNS else None


def runs_of(predicted: I64) -> I64:
    """Return the run 0, 1, ... of each frame: one class, breaks of MAX_GAP frames and less."""
    latest: dict[int, tuple[int, int]] = {}
    runs, n_runs = np.zeros(len(predicted), np.int64), 0
    for i, k in enumerate(predicted.tolist()):
        seen, run = latest.get(k, (-MAX_GAP - 1, -1))
        if i - seen > MAX_GAP:
            run, n_runs = n_runs, n_runs + 1
        latest[k], runs[i] = (i, run), run
    return runs


def moved(clean: Normal, residuals: Array, runs: I64) -> Normal:
    """Return the reference moved by the mean of residuals (n, d) in runs (n,)."""
    counts = np.bincount(runs).astype(np.float64)[:, None]
    sums: F64 = np.zeros((len(counts), residuals.shape[1]))
    np.add.at(sums, runs, residuals)
    means = sums / counts
    weights = 1 / (clean.between + clean.within / counts)
    total = weights.sum(axis=0)
    shift = (weights * means).sum(axis=0) / total
    spread = (weights * (means - shift) ** 2).sum(axis=0) / (len(counts) - 1)
    larger = np.maximum(spread, 1.0)
    back = np.linalg.pinv(clean.whitening.astype(np.float64)) @ shift
    return with_arrays(
        clean,
        class_means=clean.class_means + clean.class_scales[:, None] * back,
        within=clean.within * larger,
        between=clean.between * larger,
        class_errors=clean.class_errors * float(larger.mean()),
        offset=clean.offset + larger / total,
    )
