"""
(mu, lambda) evolution strategy with recombination on the head (Beyer and Schwefel, 2002).

The next parent is the mean of the mu best of lambda children; the step size falls from first to
last over the run. All children of a generation see the same mini-batch.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Head
from edge_adapt.records import F64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._head_task import HeadTask
from edge_adapt.updaters._steps import Steps


class Mean(NamedTuple):
    """The parent, a head as a vector that need not be whole."""

    vector: F64
    generation: int


class MuLambda(Steps[HeadTask, Mean]):
    """A generation costs population_size evaluations per sample of its mini-batch."""

    def __init__(
        self,
        seed: int = 1,
        n_generations: int = 25,
        n_parents: int = 8,
        population_size: int = 32,
        batch_size: int = 256,
        first_sigma: float = 8.0,
        last_sigma: float = 1.5,
    ) -> None:
        super().__init__(Mean, seed)
        if not 1 <= n_parents < population_size:
            raise UsageError(f'n_parents must be 1..{population_size - 1}, got {n_parents}')
        self._n_generations, self._batch_size = n_generations, batch_size
        self._n_parents, self._population_size = n_parents, population_size
        self._sigmas = first_sigma, last_sigma

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The head as a vector."""
        return 8 * head.n_classes * (head.n_in + 1)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> HeadTask:
        return HeadTask.of(objective, weights, samples)

    def start(self, task: HeadTask) -> Mean:
        return Mean(task.vector.astype(float), 0)

    def step(self, task: HeadTask, run: Mean) -> Mean | None:
        """Run one generation."""
        if run.generation >= self._n_generations:
            return None
        first, last = self._sigmas
        sigma = first * (last / first) ** (int(run.generation) / self._n_generations)
        noise = self.rng.standard_normal((self._population_size, len(run.vector)))
        children = run.vector + sigma * noise
        n = len(task.labels)
        batch = self.rng.permutation(n)[: self._batch_size]
        best = task.margins(children, batch).argsort()[-self._n_parents :]
        return Mean(children[best].mean(axis=0), int(run.generation) + 1)

    def best(self, task: HeadTask, run: Mean) -> Weights:
        return task.deployed(run.vector)
