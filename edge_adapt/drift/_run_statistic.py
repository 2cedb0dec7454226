"""
The statistic of `class_conditional`: a random-effects likelihood ratio over runs of one class.

Frames of one class that follow each other are one run. A run's mean residual has variance
v / n^2 within + between + class_error, so that the evidence of one run saturates however long it
lasts. The runs are added up with exponential forgetting:

    s = sum of w c,  Lam = sum of w      w = 1 / variance of the run's mean, c its mean
    T = 1/2 sum_j s_j^2 / Lam_j          the log likelihood ratio of a common shift against none

A run stays open while its class was seen in the last MAX_GAP frames; so at most MAX_GAP + 1 runs
are open, and as many slots hold them all, whatever the number of classes.

Many streams are worked on side by side: a detector has one, calibration has hundreds.
"""

from __future__ import annotations

from typing import Final

from edge_adapt.drift._normal import Normal
from edge_adapt.records import Array
import numpy as np
from numpy.typing import DTypeLike

FORGETTING: Final = np.array([15 / 16, 63 / 64])  # one value a scale: some 16 and 64 frames
MAX_GAP: Final = 8  # frames
N_SLOTS: Final = MAX_GAP + 1
_NEVER: Final = -(10**9)
_TINY: Final = 1e-12


class RunStatistic:
    """
    The state of `n_streams` streams; `update` takes one frame of each.

    A detector counts in float64; thousands of replayed streams may do with float32.
    """

    def __init__(self, normal: Normal, n_streams: int = 1, dtype: DTypeLike = np.float64) -> None:
        n_scales, n_features = len(FORGETTING), len(normal.within)
        slots = (n_streams, min(N_SLOTS, normal.n_classes), n_scales)
        self._within, self._between = normal.within.astype(dtype), normal.between.astype(dtype)
        self._errors = normal.class_errors.astype(dtype)[:, None, None]
        self._offset = normal.offset.astype(dtype)
        self._is_one_sided = normal.is_one_sided
        self._gamma = FORGETTING.astype(dtype)[:, None]
        # f = gamma^dt for dt = 0 .. MAX_GAP, and 0 where the run is new
        self._fades = np.zeros((MAX_GAP + 2, n_scales, 1), dtype)
        self._fades[:-1] = FORGETTING[:, None] ** np.arange(MAX_GAP + 1)[:, None, None]
        # the columns sum up all groups, then each group
        self._sum_up = np.insert(normal.membership, 0, 0.5, axis=1).astype(dtype)
        self._sum_up[:, 1:] *= 0.5
        self._streams = np.arange(n_streams)
        self._n_frames = 0
        self._classes = np.full(slots[:2], -1)
        self._touched = np.full(slots[:2], _NEVER)
        self._counts = np.ones((*slots, 1), dtype)  # n of the equations
        self._squares = np.zeros((*slots, 1), dtype)  # v
        self._sums = np.zeros((*slots, n_features), dtype)  # S
        self._precisions = np.zeros((*slots, n_features), dtype)  # w
        totals = (n_streams, n_scales, n_features)
        self._shift = np.zeros(totals, dtype)  # s
        self._precision = np.zeros(totals, dtype)  # Lam
        self._weight = np.zeros(totals, dtype)  # the sum of w, forgotten as s is

    @property
    def shift(self) -> Array:
        """Return the estimated shift of each residual, (n_streams, n_scales, n_features)."""
        return self._shift / np.maximum(self._weight, _TINY)

    @property
    def n_bytes(self) -> int:
        """Return the size of the state."""
        return sum(x.nbytes for x in vars(self).values() if isinstance(x, np.ndarray))

    def update(self, residuals: Array, predicted: Array) -> Array:
        """
        Take residuals (n_streams, d) and classes (n_streams,); return T.

        T is (n_streams, n_scales, 1 + n_groups): over all groups, then each group.
        """
        self._n_frames += 1
        at, fade = self._slots_of(predicted)
        count, total = self._counts[at], self._sums[at]
        old = self._precisions[at] * fade
        share = old * total / count

        count = count * fade + 1
        squares = self._squares[at] * (fade * fade) + 1
        total = total * fade + residuals[:, None, :]
        spread = squares / (count * count) * self._within
        precision = 1 / (spread + (self._between + self._errors[predicted]))
        self._counts[at], self._squares[at] = count, squares
        self._sums[at], self._precisions[at] = total, precision

        gamma = self._gamma
        self._precision = self._precision * (gamma * gamma) + (precision - old * fade)
        self._weight = self._weight * gamma + (precision - old)
        self._shift = self._shift * gamma + (precision * total / count - share)
        return self._log_ratios()

    def restart(self, streams: Array) -> None:
        """Forget everything of the streams given, (n_streams,) bool."""
        self._touched[streams] = _NEVER
        for totals in (self._shift, self._precision, self._weight):
            totals[streams] = 0.0

    def _slots_of(self, predicted: Array) -> tuple[tuple[Array, Array], Array]:
        """Return where each frame's run is kept, and f of the equations."""
        same = self._classes == predicted[:, None]
        slot = np.where(same.any(axis=1), same.argmax(axis=1), self._touched.argmin(axis=1))
        at = (self._streams, slot)
        since = np.where(same[at], self._n_frames - self._touched[at], MAX_GAP + 1)
        self._classes[at], self._touched[at] = predicted, self._n_frames
        return at, self._fades[np.minimum(since, MAX_GAP + 1)]

    def _log_ratios(self) -> Array:
        # Var(s) = Lam + offset * (sum of w)^2: what all frames share does not average out.
        variance = self._precision + self._offset * self._weight * self._weight
        shift = np.maximum(self._shift, 0.0) if self._is_one_sided else self._shift
        each = shift * shift / np.maximum(variance, _TINY)
        return np.asarray(each @ self._sum_up)
