"""
Evidence of drift in whole numbers, from what the accelerator counts of each neuron in a window.

hw/rtl/stat_unit.sv gives, for every neuron, the sum, the minimum and the maximum of its sums over
a window of frames. One window is one run: its mean sum m_j has the variance v_j within the window
plus b_j between runs, as in `_run_statistic.py`, so that

    T = 1/2 sum_j z_j^2          z_j = (window's sum - clean) / deviation of clean windows' sums

In fixed point, with s_j so that a deviation is 32..63 steps of 2^s_j (fewer where s_j is 0):

    d_j = clip((sum - clean) >> s_j, +- 4 deviations)
    w_j = round(2^20 / (deviation / 2^s_j)^2)
    T   = sum_j w_j d_j^2        in units of 2^-21

The shift loses less than one step of 32, the weight half a unit in 2^20 / 64^2 = 256: so z is off
by less than 1/32 and its square by less than 1/500 of itself. d_j^2 w_j < 2^25, and 2^15 neurons,
the most a layer has, stay below 2^40: 64 bits never overflow, and whole numbers may be added up
in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.errors import UsageError
from edge_adapt.records import Array, I64
import numpy as np

UNIT = 1 << 21  # what T counts in
_WEIGHT = 1 << 20
_STEPS = 32  # of a deviation, at least where it has so many
_CLIP = 4  # deviations: what one neuron can tell at most
_MIN_WINDOWS = 30
_OUTSIDE = 1 << 4  # of the clean range: how much beyond its ends is still clean, as 1 / 16


@dataclass(frozen=True)
class IntegerNormal:
    """
    What is normal of windows of as many frames as these were fitted to; all (n_neurons,) int64.

    `lowest` and `highest` bound the sums of single frames. `threshold` is in units of 2^-21.
    """

    centre: I64
    shift: I64
    limit: I64
    weight: I64
    lowest: I64
    highest: I64
    threshold: int

    @staticmethod
    def of(sums: Array, lowest: Array, highest: Array, margin: float = 1.3) -> IntegerNormal:
        """
        Return what is normal from clean windows: sums, minima and maxima (n_windows, n_neurons).

        Windows should be those a camera delivers, runs of one class and all: their spread is
        what later windows are held against. The threshold is `margin` times the largest clean T.
        """
        if len(sums) < _MIN_WINDOWS:
            raise UsageError(
                f'what is normal needs {_MIN_WINDOWS} windows or more, got {len(sums)}'
            )
        deviation = np.maximum(sums.std(axis=0), 1.0)
        shift = np.maximum(np.floor(np.log2(deviation / _STEPS)), 0).astype(np.int64)
        steps = deviation / (1 << shift)
        room = (highest.max(axis=0) - lowest.min(axis=0)) // _OUTSIDE + 1
        normal = IntegerNormal(
            centre=np.rint(sums.mean(axis=0)).astype(np.int64),
            shift=shift,
            limit=np.rint(_CLIP * steps).astype(np.int64),
            weight=np.rint(_WEIGHT / steps**2).astype(np.int64),
            lowest=(lowest.min(axis=0) - room).astype(np.int64),
            highest=(highest.max(axis=0) + room).astype(np.int64),
            threshold=np.iinfo(np.int64).max,
        )
        largest = max(normal.statistic(window) for window in sums)
        return IntegerNormal(**{**vars(normal), 'threshold': int(margin * largest) + 1})

    def statistic(self, sums: Array) -> int:
        """Return T of a window's sums (n_neurons,), in units of 2^-21."""
        moved = (sums.astype(np.int64) - self.centre) >> self.shift
        clipped = np.clip(moved, -self.limit, self.limit)
        return int((self.weight * clipped * clipped).sum())

    def n_outside(self, lowest: Array, highest: Array) -> int:
        """Return how many neurons had a sum that clean frames do not reach."""
        return int(((lowest < self.lowest) | (highest > self.highest)).sum())

    def is_drift(self, sums: Array) -> bool:
        """Return whether a window's sums (n_neurons,) are farther off than clean ones."""
        return self.statistic(sums) > self.threshold
