"""
Gradient descent on the head in whole numbers, a sample a step: what hardware can do by itself.

After TaxoNN (arXiv:2010.05197): errors of 8 bits, a learning rate that is a shift, rounding by
chance (`_integer_sgd.py`). A bias moves in steps of 64.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.networks.layers import Head
from edge_adapt.records import I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._cache import Cache
from edge_adapt.updaters._integer_sgd import (
    BIAS_BITS,
    BIAS_FEATURE,
    descend,
    GRID,
    IntegerHead,
    LIMIT,
)
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters._steps import Steps
import numpy as np

MAX_SHIFT, MAX_RATE = 31, 15
CERTAIN = 4  # the natural logit at which a straight line takes a class for certain
MOVE = 1 / 8  # of a natural logit, by one step on a sample that is all wrong


class DescentTask(NamedTuple):
    """Features of n samples, labels (n,), and the two shifts."""

    objective: Objective
    weights: Weights
    features: Cache
    labels: I64
    shift: int
    rate: int


class DescentRun(NamedTuple):
    """V (n_classes, n_in) and B (n_classes,), how many passes were made, and the register."""

    values: I64
    biases: I64
    n_passes: int
    register: int


class IntegerSgd(Steps[DescentTask, DescentRun]):
    """Retrain the head in n_passes over the labelled samples; a `next` is one pass."""

    def __init__(self, seed: int = 1, n_passes: int = 10) -> None:
        super().__init__(DescentRun, seed)
        self._n_passes = n_passes

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The head with its fractions."""
        return 8 * head.n_classes * (head.n_in + 1)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> DescentTask:
        """Compute the features once. Raises UsageError where fewer than two classes are known."""
        known = labelled(objective, samples)
        cache = Cache.of(objective, weights, known.images)
        scale = float(weights[f'{objective.network.head.name}.scale'])
        square = cache.root_mean_square**2 * cache.n_in + BIAS_FEATURE**2
        shift = int(np.rint(np.log2(CERTAIN / (128 * scale))))
        rate = int(np.rint(np.log2(scale * square * 127 / (GRID * MOVE))))
        return DescentTask(
            objective,
            weights,
            cache,
            known.labels,
            min(max(shift, 0), MAX_SHIFT),
            min(max(rate, 0), MAX_RATE),
        )

    def start(self, task: DescentTask) -> DescentRun:
        name = task.objective.network.head.name
        values = GRID * task.weights[f'{name}.weights'].astype(np.int64)
        biases = GRID // BIAS_FEATURE * task.weights[f'{name}.bias'].astype(np.int64)
        highest = (1 << BIAS_BITS - 1) - 1
        register = int(self.rng.integers(1, 1 << 32, dtype=np.int64))
        return DescentRun(
            values.clip(-LIMIT, LIMIT), biases.clip(-highest - 1, highest), 0, register
        )

    def step(self, task: DescentTask, run: DescentRun) -> DescentRun | None:
        """Pass over all samples once, in a new order."""
        if run.n_passes >= self._n_passes:
            return None
        start = IntegerHead(run.values, run.biases, int(run.register))
        head = self.descended(task, start, self.rng.permutation(len(task.labels)))
        # A forward pass for the error, and as many products for the change.
        task.objective.spend(2 * len(task.labels))
        return DescentRun(head.values, head.biases, int(run.n_passes) + 1, head.register)

    def descended(self, task: DescentTask, head: IntegerHead, order: I64) -> IntegerHead:
        """Return the head after a step on each sample."""
        for index in order:
            (levels,) = task.features.take(slice(index, index + 1))
            head = descend(head, levels, int(task.labels[index]), task.shift, task.rate)
        return head

    def best(self, task: DescentTask, run: DescentRun) -> Weights:
        """Return the rounded head, as the steps saw it."""
        name = task.objective.network.head.name
        weights, biases = (run.values + 128) >> 8, (run.biases + 128) >> 8
        return task.weights.replace(
            {
                f'{name}.weights': weights.astype(np.int8),
                f'{name}.bias': (BIAS_FEATURE * biases).astype(np.int32),
            }
        )
