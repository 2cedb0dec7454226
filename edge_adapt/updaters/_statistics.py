"""Heads that follow from sums over the samples: order-independent, nothing is forgotten."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from edge_adapt.errors import UsageError
from edge_adapt.records import Array, F64, Samples, Weights
from edge_adapt.updaters import Objective, State
from edge_adapt.updaters._samples import features, labelled
import numpy as np

TARGET_SPREAD = 4.0  # natural logits of a sample spread by about so much: a temperature


class SumsHead(ABC):
    """Keeps sums over all labelled samples it was given, and makes the head anew from them."""

    def __init__(self) -> None:
        self._counts: F64 = np.zeros(0)
        self._sums: F64 = np.zeros((0, 0))

    @abstractmethod
    def absorb(self, x: F64, labels: Array) -> None:
        """Add samples x (n, n_in) +-1 to what is kept beside counts and sums."""

    @abstractmethod
    def discriminant(self, means: F64) -> F64:
        """Return the weights (n_classes_seen, n_in) of the head from class means."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """Learn each sample once, and yield the head. Raises UsageError where none has a label."""
        known = labelled(objective, samples, n_classes_needed=1)
        x = features(objective, weights, known.images).astype(np.float64)
        n_classes = objective.network.head.n_classes
        if not self._counts.size:
            self._counts, self._sums = np.zeros(n_classes), np.zeros((n_classes, x.shape[1]))
        one_hot = (known.labels == np.arange(n_classes)[:, None]).astype(np.float64)
        self.absorb(x, known.labels)
        self._counts = self._counts + one_hot.sum(axis=1)
        self._sums = self._sums + one_hot @ x
        yield self._deployed(objective, weights, x)

    def state(self) -> State:
        return {'counts': self._counts.copy(), 'sums': self._sums.copy()}

    def restore(self, state: State) -> None:
        self._counts, self._sums = state['counts'].copy(), state['sums'].copy()

    def _deployed(self, objective: Objective, weights: Weights, x: F64) -> Weights:
        """Return weights with the head in int8; a class never seen cannot win."""
        head = objective.network.head
        seen = np.flatnonzero(self._counts)
        if len(seen) < 2:
            raise UsageError('a head needs labelled samples of 2 classes, it has seen 1')
        means = self._sums[seen] / self._counts[seen, None]
        rows = self.discriminant(means)
        offsets = -0.5 * (rows * means).sum(axis=1)
        common = rows.mean(axis=0)  # what all rows share moves no decision
        rows, offsets = rows - common, offsets - offsets.mean()
        step = np.abs(rows).max() / 127
        matrix = np.zeros((head.n_classes, head.n_in), np.int8)
        matrix[seen] = np.rint(rows / step)
        bias = np.full(head.n_classes, -256 * head.n_in, np.int32)
        bias[seen] = np.rint(offsets / step)
        spread = float((x @ matrix[seen].T.astype(np.float64) + bias[seen]).std())
        return weights.replace(
            {
                f'{head.name}.weights': matrix,
                f'{head.name}.bias': bias,
                f'{head.name}.scale': np.asarray(TARGET_SPREAD / max(spread, 1), np.float32),
            }
        )
