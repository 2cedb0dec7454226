"""OpenAI-ES (Salimans et al., arXiv:1703.03864): antithetic pairs, centred ranks, Adam."""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Head
from edge_adapt.records import Array, F64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._head_task import HeadTask
from edge_adapt.updaters._steps import Steps
import numpy as np

BETAS = 0.9, 0.999


class Descent(NamedTuple):
    """The head as a vector that need not be whole, and Adam's two moments."""

    vector: F64
    first: F64
    second: F64
    generation: int


class OpenAiEs(Steps[HeadTask, Descent]):
    """
    Estimate the gradient of a smoothed fitness by sampling, and follow it.

    sigma and learning_rate are in int8 steps. A generation costs population_size evaluations per
    sample of its mini-batch.
    """

    def __init__(
        self,
        seed: int = 1,
        n_generations: int = 25,
        population_size: int = 32,
        batch_size: int = 256,
        sigma: float = 4.0,
        learning_rate: float = 2.0,
    ) -> None:
        super().__init__(Descent, seed)
        if population_size < 2 or population_size % 2:
            raise UsageError(f'population_size must be even and >= 2, got {population_size}')
        self._n_generations, self._batch_size = n_generations, batch_size
        self._population_size = population_size
        self._sigma, self._learning_rate = sigma, learning_rate

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The head as a vector, and two moments of it."""
        return 3 * 8 * head.n_classes * (head.n_in + 1)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> HeadTask:
        return HeadTask.of(objective, weights, samples)

    def start(self, task: HeadTask) -> Descent:
        vector = task.vector.astype(float)
        return Descent(vector, np.zeros_like(vector), np.zeros_like(vector), 0)

    def step(self, task: HeadTask, run: Descent) -> Descent | None:
        """Run one generation."""
        if run.generation >= self._n_generations:
            return None
        half = self.rng.standard_normal((self._population_size // 2, len(run.vector)))
        noise = np.concatenate([half, -half])
        batch = self.rng.permutation(len(task.labels))[: self._batch_size]
        fitness = task.margins(run.vector + self._sigma * noise, batch)
        gradient = centred_ranks(fitness) @ noise / (self._population_size * self._sigma)
        n = int(run.generation) + 1
        first = BETAS[0] * run.first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * run.second + (1 - BETAS[1]) * gradient**2
        step = first / (1 - BETAS[0] ** n) / (np.sqrt(second / (1 - BETAS[1] ** n)) + 1e-8)
        return Descent(run.vector + self._learning_rate * step, first, second, n)

    def best(self, task: HeadTask, run: Descent) -> Weights:
        return task.deployed(run.vector)


def centred_ranks(fitness: Array) -> F64:
    """Return -0.5..0.5 by rank, so that one outlier cannot steer the step."""
    ranks = np.empty(len(fitness))
    ranks[fitness.argsort(kind='stable')] = np.arange(len(fitness))
    return ranks / (len(fitness) - 1) - 0.5
