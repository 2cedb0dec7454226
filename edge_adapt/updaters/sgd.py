"""
Gradient descent on the head, the yardstick of every forward-only updater.

Adam on a float copy of the int8 head, straight through the rounding; the features are centred,
as row_es centres them.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.networks.layers import Head
from edge_adapt.records import F64, I64, Samples, Weights
from edge_adapt.signals import softmax
from edge_adapt.updaters import Objective
from edge_adapt.updaters._cache import Cache
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters._steps import Steps
import numpy as np

BETAS = 0.9, 0.999


class SgdTask(NamedTuple):
    """Features of n samples, their mean (n_in,), and labels (n,)."""

    objective: Objective
    weights: Weights
    features: Cache
    mean: F64
    labels: I64
    scale: float


class SgdRun(NamedTuple):
    """The head and its bias (n_classes, n_in + 1) in int8 steps, and Adam's two moments."""

    head: F64
    first: F64
    second: F64
    n_steps: int


class Sgd(Steps[SgdTask, SgdRun]):
    """Train n_steps mini-batches; learning_rate is in int8 steps. A `next` is ten of them."""

    def __init__(
        self,
        seed: int = 1,
        n_steps: int = 300,
        batch_size: int = 32,
        learning_rate: float = 1.0,
    ) -> None:
        super().__init__(SgdRun, seed)
        self._n_steps, self._batch_size = n_steps, batch_size
        self._learning_rate = learning_rate

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The head, two moments of it, the mean of the features."""
        return 3 * 8 * head.n_classes * (head.n_in + 1) + 8 * head.n_in

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> SgdTask:
        """Compute the features once. Raises UsageError where fewer than two classes are known."""
        known = labelled(objective, samples)
        cache = Cache.of(objective, weights, known.images)
        scale = float(weights[f'{objective.network.head.name}.scale'])
        return SgdTask(objective, weights, cache, cache.mean, known.labels, scale)

    def start(self, task: SgdTask) -> SgdRun:
        name = task.objective.network.head.name
        weights = task.weights[f'{name}.weights'].astype(np.float64)
        head = np.column_stack([weights, task.weights[f'{name}.bias'] + weights @ task.mean])
        return SgdRun(head, np.zeros_like(head), np.zeros_like(head), 0)

    def step(self, task: SgdTask, run: SgdRun) -> SgdRun | None:
        """Run ten mini-batches."""
        if run.n_steps >= self._n_steps:
            return None
        for _ in range(min(10, self._n_steps - int(run.n_steps))):
            run = self._descend(task, run)
        return run

    def best(self, task: SgdTask, run: SgdRun) -> Weights:
        name = task.objective.network.head.name
        weights = np.rint(run.head[:, :-1])
        bias = np.rint(run.head[:, -1] - weights @ task.mean)
        return task.weights.replace(
            {f'{name}.weights': weights.astype(np.int8), f'{name}.bias': bias.astype(np.int32)}
        )

    def _descend(self, task: SgdTask, run: SgdRun) -> SgdRun:
        batch = self.rng.integers(0, len(task.labels), self._batch_size)
        centred = task.features.take(batch) - task.mean
        x, n = np.column_stack([centred, np.ones(len(batch))]), int(run.n_steps) + 1
        rounded = run.head.copy()
        rounded[:, :-1] = np.rint(rounded[:, :-1])
        errors = softmax(x @ rounded.T * task.scale).astype(np.float64)
        errors[np.arange(len(x)), task.labels[batch]] -= 1
        gradient = errors.T @ x / len(x)
        task.objective.spend(len(x))
        first = BETAS[0] * run.first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * run.second + (1 - BETAS[1]) * gradient**2
        step = first / (1 - BETAS[0] ** n) / (np.sqrt(second / (1 - BETAS[1] ** n)) + 1e-8)
        head = run.head - self._learning_rate * step
        head[:, :-1] = head[:, :-1].clip(-127, 127)
        return SgdRun(head, first, second, n)
