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
from edge_adapt.records import Array, F64
import numpy as np

FORGETTING: Final = np.array([15 / 16, 63 / 64])  # one value a scale: some 16 and 64 frames
MAX_GAP: Final = 8  # frames
N_SLOTS: Final = MAX_GAP + 1
_NEVER: Final = -(10**9)


class RunStatistic:
    """The state of `n_streams` streams; `update` takes one frame of each."""

    def __init__(self, normal: Normal, n_streams: int = 1) -> None:
        self._normal = normal
        n_scales, n_features = len(FORGETTING), len(normal.centre)
        slots = (n_streams, min(N_SLOTS, normal.n_classes))
        # the columns sum up all groups, then each group
        self._sum_up = np.insert(normal.membership, 0, 1.0, axis=1)
        self._streams = np.arange(n_streams)
        self._n_frames = 0
        self._classes = np.full(slots, -1)
        self._touched = np.full(slots, _NEVER)
        self._counts = np.zeros((*slots, n_scales, 1))  # n of the equations
        self._squares = np.zeros((*slots, n_scales, 1))  # v
        self._sums = np.zeros((*slots, n_scales, n_features))  # S
        self._precisions = np.zeros((*slots, n_scales, n_features))  # w
        self._shift = np.zeros((n_streams, n_scales, n_features))  # s
        self._precision = np.zeros((n_streams, n_scales, n_features))  # Lam
        self._weight = np.zeros((n_streams, n_scales, n_features))  # Lam, forgotten as s is

    @property
    def shift(self) -> F64:
        """The estimated shift of each residual, (n_streams, n_scales, n_features)."""
        return self._shift / np.maximum(self._weight, 1e-12)

    @property
    def n_bytes(self) -> int:
        """The size of the state."""
        return sum(x.nbytes for x in vars(self).values() if isinstance(x, np.ndarray))

    def update(self, residuals: Array, predicted: Array) -> F64:
        """
        Take residuals (n_streams, d) and classes (n_streams,); return T.

        T is (n_streams, n_scales, 1 + n_groups): over all groups, then each group.
        """
        self._n_frames += 1
        at, since = self._slots_of(predicted)
        gamma = FORGETTING[:, None]  # (n_scales, 1)
        # f = gamma^dt, and 0 where the run is new
        fade = np.where(since <= MAX_GAP, gamma ** np.minimum(since, MAX_GAP), 0.0)
        count, total = self._counts[at], self._sums[at]
        old = self._precisions[at] * fade
        share = old * total / np.maximum(count, 1.0)

        count = count * fade + 1
        squares = self._squares[at] * fade**2 + 1
        total = total * fade + residuals[:, None, :]
        error = self._normal.class_errors[predicted][:, None, None]
        spread = squares / count**2
        precision = 1 / (spread * self._normal.within + (self._normal.between + error))
        self._counts[at], self._squares[at] = count, squares
        self._sums[at], self._precisions[at] = total, precision

        self._precision = self._precision * gamma**2 + (precision - old * fade)
        self._weight = self._weight * gamma + (precision - old)
        self._shift = self._shift * gamma + (precision * total / count - share)
        return self._log_ratios()

    def restart(self, streams: Array) -> None:
        """Forget everything of the streams given, (n_streams,) bool."""
        self._touched[streams] = _NEVER
        for totals in (self._shift, self._precision, self._weight):
            totals[streams] = 0.0

    def _slots_of(self, predicted: Array) -> tuple[tuple[Array, Array], Array]:
        """Return where each frame's run is kept, and the frames since it was last touched."""
        same = self._classes == predicted[:, None]
        slot = np.where(same.any(axis=1), same.argmax(axis=1), self._touched.argmin(axis=1))
        at = (self._streams, slot)
        since = np.where(same[at], self._n_frames - self._touched[at], MAX_GAP + 1)
        self._classes[at], self._touched[at] = predicted, self._n_frames
        return at, since[:, None, None]

    def _log_ratios(self) -> F64:
        # Var(s) = Lam + offset * (sum of w)^2: what all frames share does not average out.
        variance = self._precision + self._normal.offset * self._weight**2
        each = 0.5 * self._shift**2 / np.maximum(variance, 1e-12)
        return each @ self._sum_up
