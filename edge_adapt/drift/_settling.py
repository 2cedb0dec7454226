"""
What is normal for weights that the reference was not recorded with.

Adapted weights answer much as the trained ones did in the clean world, not quite: each residual
about the clean reference has a mean of its own, and that of one class is another than that of the
next. Both are learned from the first frames that the weights answer, as a random-effects mean over
runs of one class (DerSimonian and Laird, 1986). With m_r the mean of run r, v_r its variance where
runs differ as clean ones do, R runs, w = 1 / v and sums over r,

    v_r = between + within / n_r        Q = sum w (m - sum w m / sum w)^2
    tau^2 = max(0, (Q - (R - 1)) / (sum w - sum w^2 / sum w))

Runs then differ by tau^2 more, that of a feature or of its group, whichever is larger; few runs
tell little of how much, so that it counts (R + 1) / (R - 1) times. The variance of the mean is an
error that all later frames share.
"""

from __future__ import annotations

from typing import Final

from edge_adapt.drift._fit import with_arrays
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._run_statistic import MAX_GAP
from edge_adapt.records import Array, F64, I64, Observation
import numpy as np

N_FRAMES: Final = 192
MIN_RUNS: Final = 5


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
    means, variances = sums / counts, clean.between + clean.within / counts
    more = _difference(clean, means, 1 / variances)
    weights = 1 / (variances + more)
    total = weights.sum(axis=0)
    shift = (weights * means).sum(axis=0) / total
    back = np.linalg.pinv(clean.whitening.astype(np.float64)) @ shift
    return with_arrays(
        clean,
        class_means=clean.class_means + clean.class_scales[:, None] * back,
        between=clean.between + more,
        offset=clean.offset + 1 / total,
    )


def _difference(clean: Normal, means: F64, weights: F64) -> F64:
    """Return by which variance runs of means and weights (R, d) differ more than clean ones."""
    n_free, total = len(means) - 1, weights.sum(axis=0)
    squares = (weights * (means - (weights * means).sum(axis=0) / total) ** 2).sum(axis=0)
    own = (squares - n_free) / (total - (weights**2).sum(axis=0) / total)
    own = np.maximum(own, 0.0)
    group = own @ clean.membership / clean.membership.sum(axis=0)
    return np.asarray((n_free + 2) / n_free * np.maximum(own, clean.membership @ group))
