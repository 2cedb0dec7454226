"""
Streaming linear discriminant analysis: class means and one covariance for all classes.

Hayes and Kanan, arXiv:1909.01520. The covariance within the classes is summed up exactly, sample
by sample, in any order:  d = x - m_j;  S += d d' n_j / (n_j + 1);  m_j += d / (n_j + 1).
"""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.records import F32, F64, I8, I64
from edge_adapt.updaters import State
from edge_adapt.updaters._statistics import SumsHead, symmetric
import numpy as np


class StreamingLda(SumsHead):
    """
    The head of least error for Gaussian classes of equal shape.

    shrinkage: how far the covariance is drawn towards a multiple of the identity. What is kept
    is half the covariance in float32: 33 kB for 128 features.
    """

    def __init__(self, shrinkage: float = 0.1) -> None:
        super().__init__()
        if not 0 < shrinkage <= 1:
            raise UsageError(f'shrinkage must be in (0, 1], got {shrinkage}')
        self._shrinkage = shrinkage
        self._triangle: F32 = np.zeros(0, np.float32)

    def square_bytes(self, n_in: int) -> int:
        return 2 * n_in * (n_in + 1)

    def absorb(self, x: I8, labels: I64) -> None:
        upper = np.triu_indices(x.shape[1])
        if not self._triangle.size:
            self._triangle = np.zeros(len(upper[0]), np.float32)
        for label in np.unique(labels):
            mine, n_before = x[labels == label], self.counts[label]
            mean = mine.mean(axis=0)
            centred = mine - mean
            scatter = centred.T @ centred
            if n_before:
                gap = mean - self.sums[label] / n_before
                scatter += np.outer(gap, gap) * (n_before * len(mine) / (n_before + len(mine)))
            self._triangle += scatter[upper].astype(np.float32)

    def discriminant(self, means: F64) -> F64:
        scatter = symmetric(self._triangle, means.shape[1])
        covariance = scatter / max(1.0, self.counts.sum() - len(means))
        scale = max(float(np.trace(covariance)) / len(covariance), 1e-6)
        shrunk = (1 - self._shrinkage) * covariance
        shrunk += self._shrinkage * scale * np.eye(len(covariance))
        return np.asarray(np.linalg.solve(shrunk, means.T).T)

    def state(self) -> State:
        return {**super().state(), 'triangle': self._triangle.copy()}

    def restore(self, state: State) -> None:
        super().restore(state)
        self._triangle = state['triangle'].copy()
