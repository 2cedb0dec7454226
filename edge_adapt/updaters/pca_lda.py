"""
Linear discriminant analysis on projected features, streamed in integers: classes come at any time.

The discriminant of streaming LDA (Hayes and Kanan, arXiv:1909.01520) on the levels that a layer of
principal components gives (`networks/projection.py`). All it keeps are whole numbers, so the head
is the same, bit for bit, in whatever order the samples came; there is no learning rate and nothing
is forgotten.

    n_j += 1;  s_j += x;  T += x x'                    for a sample x of class j, T a triangle
    S = (T - sum_j s_j s_j' / n_j) / (n - n_classes)   the covariance within the classes
    S = D (R + shrinkage (I - R)) D                    R its correlations, D the deviations

Eight bits of head are enough: the projection gives all its directions about the same deviation.
160 features and 10 classes are 58 kB.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_adapt.errors import UsageError
from edge_adapt.records import F64, I8, I64, Samples, Weights
from edge_adapt.updaters import Objective, State
from edge_adapt.updaters._statistics import SumsHead, symmetric
import numpy as np

MOST = 1 << 30  # where a sum gets there all are halved: half of the past is forgotten


class PcaLda(SumsHead):
    """
    The class-incremental head of choice, on any levels or bits.

    shrinkage: how far correlations are drawn to 0 when there are many samples; with few, as far
    as n_features / (n_features + n_samples). A model whose statistics hold 'head.counts',
    'head.sums' and 'head.triangle' starts from what those had seen.
    """

    def __init__(self, shrinkage: float = 0.005) -> None:
        super().__init__()
        if not 0 < shrinkage <= 1:
            raise UsageError(f'shrinkage must be in (0, 1], got {shrinkage}')
        self._shrinkage = shrinkage
        self._triangle = np.zeros(0, np.int32)

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        found = objective.statistics
        if not self.counts.size and 'head.triangle' in found:
            self.counts = found['head.counts'].astype(np.int64)
            self.sums = found['head.sums'].astype(np.int32)
            self._triangle = found['head.triangle'].astype(np.int32)
        return super().improve(objective, weights, samples)

    def square_bytes(self, n_in: int) -> int:
        return 2 * n_in * (n_in + 1)

    def absorb(self, x: I8, labels: I64) -> None:
        upper = np.triu_indices(x.shape[1])
        if not self._triangle.size:
            self._triangle = np.zeros(len(upper[0]), np.int32)
        # At most 512 samples: 127^2 * 512 < 2^24 is exact in float32, and BLAS knows no integers.
        wide = x.astype(np.float32)
        if max(self._triangle.max(), -self._triangle.min()) >= MOST:
            self._triangle, self.sums = self._triangle >> 1, self.sums >> 1
            self.counts = (self.counts + 1) >> 1
        self._triangle += (wide.T @ wide)[upper].astype(np.int32)

    def discriminant(self, means: F64) -> F64:
        n_features, n_samples = means.shape[1], int(self.counts.sum())
        seen = self.counts > 0
        scatter = symmetric(self._triangle, n_features)
        scatter -= (means * self.counts[seen, None]).T @ means
        covariance = scatter / max(1, n_samples - len(means))
        deviations = np.sqrt(np.maximum(np.diag(covariance), 1 / 12))  # a level is rounded
        correlations = covariance / deviations / deviations[:, None]
        kept = 1 - max(self._shrinkage, n_features / (n_features + n_samples))
        shrunk = kept * correlations
        np.fill_diagonal(shrunk, 1.0)
        return np.asarray(np.linalg.solve(shrunk, (means / deviations).T).T / deviations)

    def state(self) -> State:
        return {**super().state(), 'triangle': self._triangle.copy()}

    def restore(self, state: State) -> None:
        super().restore(state)
        self._triangle = state['triangle'].copy()
