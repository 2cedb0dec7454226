"""
Streaming linear discriminant analysis: class means and one covariance for all classes.

Hayes and Kanan, arXiv:1909.01520. The covariance within the classes is summed up exactly, sample
by sample, in any order:  d = x - m_j;  S += d d' n_j / (n_j + 1);  m_j += d / (n_j + 1).
"""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.records import F64, I8, I64
from edge_adapt.updaters import State
from edge_adapt.updaters._statistics import SumsHead
import numpy as np


class StreamingLda(SumsHead):
    """
    The head of least error for Gaussian classes of equal shape.

    shrinkage: how far the covariance is drawn towards a multiple of the identity. What is saved
    is half the covariance: 33 kB for 128 features.
    """

    def __init__(self, shrinkage: float = 0.1) -> None:
        super().__init__()
        if not 0 < shrinkage <= 1:
            raise UsageError(f'shrinkage must be in (0, 1], got {shrinkage}')
        self._shrinkage = shrinkage
        self._scatter: F64 = np.zeros((0, 0))

    def square_bytes(self, n_in: int) -> int:
        return 8 * n_in**2

    def absorb(self, x: I8, labels: I64) -> None:
        if not self._scatter.size:
            self._scatter = np.zeros((x.shape[1], x.shape[1]))
        for label in np.unique(labels):
            mine, n_before = x[labels == label], self.counts[label]
            mean = mine.mean(axis=0)
            centred = mine - mean
            scatter = self._scatter + centred.T @ centred
            if n_before:
                gap = mean - self.sums[label] / n_before
                scatter += np.outer(gap, gap) * (n_before * len(mine) / (n_before + len(mine)))
            # As it is saved, so that a learner saved and resumed is the same learner.
            self._scatter = scatter.astype(np.float32).astype(np.float64)

    def discriminant(self, means: F64) -> F64:
        covariance = self._scatter / max(1.0, self.counts.sum() - len(means))
        scale = max(float(np.trace(covariance)) / len(covariance), 1e-6)
        shrunk = (1 - self._shrinkage) * covariance
        shrunk += self._shrinkage * scale * np.eye(len(covariance))
        return np.asarray(np.linalg.solve(shrunk, means.T).T)

    def state(self) -> State:
        triangle = self._scatter[np.triu_indices(len(self._scatter))]
        return {**super().state(), 'triangle': triangle.astype(np.float32)}

    def restore(self, state: State) -> None:
        super().restore(state)
        n = self.sums.shape[1]
        upper = np.zeros((n, n))
        upper[np.triu_indices(n)] = state['triangle']
        self._scatter = upper + np.triu(upper, 1).T
