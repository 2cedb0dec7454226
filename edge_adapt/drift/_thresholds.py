"""
Streams drawn from clean frames, and the thresholds that their statistics ask for.

One frame in 200 is spoiled. The maxima of blocks have an exponential tail; it is extended to one
crossing of any threshold in the interval asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edge_adapt.drift._normal import Normal
from edge_adapt.drift._orders import Order
from edge_adapt.drift._record import Record
from edge_adapt.drift._run_statistic import RunStatistic
from edge_adapt.drift._signature import domain_residuals, N_FRAMES, Signature
from edge_adapt.records import Array, F64
import numpy as np

BLOCK: Final = 500  # frames a block
_N_STREAMS: Final = 128  # at most, drawn side by side
_TAIL: Final = 0.05  # share of the block maxima the tail is fitted to
_SPOILED: Final = 1 / 200

# residuals and classes of frame t of every stream
Frames = Callable[[int], tuple[F64, Array]]


class Streams:
    """Draws streams from held-out frames; one frame in 200 is a random one at the limits."""

    def __init__(self, record: Record, n_frames: int, rng: np.random.Generator) -> None:
        self._record, self._rng = record, rng
        self.n = min(max(n_frames // BLOCK, 1), _N_STREAMS)
        self.length = BLOCK * -(-n_frames // (self.n * BLOCK))

    def residual(self, normal: Normal, order: Order) -> Frames:
        """Return frames as residuals about what is normal."""
        features = normal.gather(self._record.features)
        residuals = normal.residuals(features, self._record.predicted)
        indices = self._draw(order)

        def frames(t: int) -> tuple[F64, Array]:
            drawn = indices[:, t]
            return self._spoil(normal, residuals[drawn], self._record.predicted[drawn])

        return frames

    def domain(self, normal: Normal, order: Order) -> Frames:
        """Return frames as residuals about a signature that each stream makes by itself."""
        features = normal.gather(self._record.features)
        indices = self._draw(order)
        signatures = [Signature.of(features[drawn[:N_FRAMES]]) for drawn in self._draw(order)]
        mean = np.stack([signature.mean for signature in signatures])
        deviation = np.stack([signature.deviation for signature in signatures])
        about = Signature(mean, deviation)

        def frames(t: int) -> tuple[F64, Array]:
            drawn = indices[:, t]
            residuals = domain_residuals(normal, about, features[drawn])
            return self._spoil(normal, residuals, self._record.predicted[drawn])

        return frames

    def _draw(self, order: Order) -> Array:
        record = self._record
        drawn = [order(record.classes, record.runs, self.length, self._rng) for _ in range(self.n)]
        return np.stack(drawn)

    def _spoil(self, normal: Normal, residuals: F64, predicted: Array) -> tuple[F64, Array]:
        spoiled = np.flatnonzero(self._rng.random(len(predicted)) < _SPOILED)
        if len(spoiled):
            shape = (len(spoiled), residuals.shape[1])
            limits = self._rng.choice([-normal.limit, normal.limit], shape)
            residuals, predicted = residuals.copy(), predicted.copy()
            residuals[spoiled] = normal.bounded(limits)
            predicted[spoiled] = self._rng.integers(normal.n_classes, size=len(spoiled))
        return residuals, predicted


def limits_of(normal: Normal, frames: Frames, length: int, interval: int) -> Array:
    """Return what statistics (n_scales, 1 + n_groups) pass once in the interval, all together."""
    first = frames(0)
    statistic = RunStatistic(normal, len(first[1]), np.float32)
    blocks = []
    for start in range(0, length - BLOCK + 1, BLOCK):
        top = statistic.update(*frames(start))
        for t in range(start + 1, start + BLOCK):
            np.maximum(top, statistic.update(*frames(t)), out=top)
        blocks.append(top)
    maxima = np.concatenate(blocks)  # (n_streams * n_blocks, n_scales, 1 + n_groups)
    bend = np.quantile(maxima, 1 - _TAIL, axis=0)
    excess = np.where(maxima >= bend, maxima - bend, np.nan)
    slope = np.nanmean(excess, axis=0)
    # P(block maximum > x) = tail * exp(-(x - bend) / slope), to be block / (interval * n)
    n_thresholds = maxima[0].size
    n_slopes = np.log(max(_TAIL * interval * n_thresholds / BLOCK, 1.0))
    return np.asarray(bend + slope * n_slopes)
