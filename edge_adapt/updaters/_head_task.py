"""What an evolution strategy of the head works on: cached features, and heads as long vectors."""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.records import Array, I8, I32, I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._cache import Cache
from edge_adapt.updaters._samples import labelled
import numpy as np


class HeadTask(NamedTuple):
    """Cached features (n, n_in), labels (n,), and the head to start from."""

    objective: Objective
    weights: Weights
    features: Cache
    labels: I64

    @staticmethod
    def of(objective: Objective, weights: Weights, samples: Samples) -> HeadTask:
        """Compute the features once. Raises UsageError where fewer than two classes are known."""
        known = labelled(objective, samples)
        cache = Cache.of(objective, weights, known.images)
        return HeadTask(objective, weights, cache, known.labels)

    @property
    def vector(self) -> I64:
        """Return the head at the start: weights, then bias, (n_classes * n_in + n_classes,)."""
        name = self.objective.network.head.name
        parts = [self.weights[f'{name}.weights'].reshape(-1), self.weights[f'{name}.bias']]
        return np.concatenate(parts).astype(np.int64)

    def margins(self, vectors: Array, batch: Array | slice = slice(None)) -> I64:
        """Return the sums over a mini-batch for heads given as vectors: (population,)."""
        heads, biases = self.heads(vectors)
        features = self.features.take(batch)
        return self.objective.score_heads(heads, biases, features, self.labels[batch])[1]

    def heads(self, vectors: Array) -> tuple[I8, I32]:
        """Return vectors (population, n) as heads and biases, rounded, weights within int8."""
        head = self.objective.network.head
        rounded = np.rint(vectors)
        split = head.n_classes * head.n_in
        weights = rounded[:, :split].clip(-127, 127).astype(np.int8)
        return (
            weights.reshape(-1, head.n_classes, head.n_in),
            rounded[:, split:].astype(np.int32),
        )

    def deployed(self, vector: Array) -> Weights:
        """Return the weights with the head that `vector` is."""
        name = self.objective.network.head.name
        heads, biases = self.heads(vector[None])
        return self.weights.replace({f'{name}.weights': heads[0], f'{name}.bias': biases[0]})
