"""Heads that follow from sums over the samples: order-independent, nothing is forgotten."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import never_wins
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, F64, I8, I32, I64, Samples, Weights
from edge_adapt.updaters import Objective, State
from edge_adapt.updaters._samples import features, labelled
import numpy as np

N_AT_ONCE = 512  # samples passed through the network together
TARGET_SPREAD = 4.0  # natural logits of a sample spread by about so much: a temperature


class SumsHead(ABC):
    """
    Keeps sums over all labelled samples it was given, and makes the head anew from them.

    counts (n_classes,) and sums (n_classes, n_in) of features, which are bits or levels.
    """

    def __init__(self) -> None:
        self.counts: I64 = np.zeros(0, np.int64)
        self.sums: I32 = np.zeros((0, 0), np.int32)

    @abstractmethod
    def absorb(self, x: I8, labels: I64) -> None:
        """Add samples x (n, n_in) to what is kept beside counts and sums; those come after."""

    @abstractmethod
    def discriminant(self, means: F64) -> F64:
        """Return the weights (n_classes_seen, n_in) of the head from class means."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """Learn each sample once, and yield the head. Raises UsageError where none has a label."""
        known = labelled(objective, samples, n_classes_needed=1)
        head = objective.network.head
        self._make_room(head.n_classes, head.n_in)
        yield self._learned(objective, weights, known)

    def _learned(self, objective: Objective, weights: Weights, known: Samples) -> Weights:
        """Return weights with the head after some more samples, which are read part by part."""
        for start in range(0, len(known), N_AT_ONCE):
            images = known.images[start : start + N_AT_ONCE]
            labels = known.labels[start : start + N_AT_ONCE]
            x = features(objective, weights, images).astype(np.int8, copy=False)
            self.absorb(x, labels)
            for label in np.unique(labels):
                mine = x[labels == label]
                self.counts[label] += len(mine)
                self.sums[label] += mine.sum(axis=0, dtype=np.int32)
        return self._deployed(objective, weights, x)

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return what the sums take, however many samples there are."""
        head = network.head
        return head.n_classes * (8 + 4 * head.n_in) + self.square_bytes(head.n_in)

    def square_bytes(self, n_in: int) -> int:
        """Return what is kept beside counts and sums."""
        return 0

    def state(self) -> State:
        return {'counts': self.counts.copy(), 'sums': self.sums.copy()}

    def restore(self, state: State) -> None:
        self.counts, self.sums = state['counts'].copy(), state['sums'].copy()

    def _make_room(self, n_classes: int, n_in: int) -> None:
        """Let counts and sums have a row for every class there is today."""
        counts, sums = np.zeros(n_classes, np.int64), np.zeros((n_classes, n_in), np.int32)
        n_known = len(self.counts)
        if n_known:
            counts[:n_known], sums[:n_known] = self.counts, self.sums
        self.counts, self.sums = counts, sums

    def _deployed(self, objective: Objective, weights: Weights, x: I8) -> Weights:
        """Return weights with the head in int8; a class never seen cannot win."""
        head = objective.network.head
        seen = np.flatnonzero(self.counts)
        if len(seen) < 2:
            raise UsageError('a head needs labelled samples of 2 classes, it has seen 1')
        means = self.sums[seen] / self.counts[seen, None]
        rows = self.discriminant(means)
        offsets = -0.5 * (rows * means).sum(axis=1)
        common = rows.mean(axis=0)  # what all rows share moves no decision
        rows, offsets = rows - common, offsets - offsets.mean()
        step = np.abs(rows).max() / 127
        matrix = np.zeros((head.n_classes, head.n_in), np.int8)
        matrix[seen] = np.rint(rows / step)
        bias = np.full(head.n_classes, never_wins(objective.network), np.int32)
        bias[seen] = np.rint(offsets / step)
        spread = _spread(x, matrix[seen], bias[seen])
        return weights.replace(
            {
                f'{head.name}.weights': matrix,
                f'{head.name}.bias': bias,
                f'{head.name}.scale': np.asarray(TARGET_SPREAD / max(spread, 1), np.float32),
            }
        )


def symmetric(triangle: Array, n: int) -> F64:
    """Return the matrix (n, n) of which the upper triangle, diagonal included, is kept."""
    whole = np.zeros((n, n))
    whole[np.triu_indices(n)] = triangle
    return np.asarray(whole + np.triu(whole, 1).T)


def _spread(x: Array, matrix: I8, bias: I32) -> float:
    """Return the deviation of the logits of some samples."""
    return float((x.astype(np.float32) @ matrix.T.astype(np.float32) + bias).std())
