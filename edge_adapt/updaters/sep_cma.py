"""
Separable CMA-ES (Ros and Hansen, 2008) on the head, through the package `cmaes`.

A saved run keeps the fitness of every child it has seen; a resumed one tells them again to a
fresh optimizer of the same seed, which costs no evaluation.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.networks.layers import Head
from edge_adapt.records import F64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._cma import SepCMA
from edge_adapt.updaters._head_task import HeadTask
from edge_adapt.updaters._steps import Steps
import numpy as np


class History(NamedTuple):
    """The optimizer's seed and the fitness (n_generations, population_size) told so far."""

    seed: int
    told: F64
    mean: F64


class SepCma(Steps[HeadTask, History]):
    """A generation costs population_size evaluations per sample of its mini-batch."""

    def __init__(
        self,
        seed: int = 1,
        n_generations: int = 25,
        population_size: int = 40,
        batch_size: int = 256,
        sigma: float = 4.0,
    ) -> None:
        super().__init__(History, seed)
        self._n_generations, self._population_size = n_generations, population_size
        self._batch_size, self._sigma = batch_size, sigma
        self._optimizer: SepCMA | None = None

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """Seven vectors of the optimizer, and the fitness of all children."""
        return (
            7 * 8 * head.n_classes * (head.n_in + 1)
            + 8 * self._n_generations * self._population_size
        )

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> HeadTask:
        self._optimizer = None
        return HeadTask.of(objective, weights, samples)

    def start(self, task: HeadTask) -> History:
        told = np.zeros((0, self._population_size))
        return History(int(self.rng.integers(1 << 31)), told, task.vector.astype(float))

    def step(self, task: HeadTask, run: History) -> History | None:
        """Run one generation."""
        if len(run.told) >= self._n_generations:
            return None
        optimizer = self._optimizer = self._optimizer or self._told_again(task, run)
        children = np.stack([optimizer.ask() for _ in range(self._population_size)])
        batch = self.rng.permutation(len(task.labels))[: self._batch_size]
        losses = -task.margins(children, batch).astype(float)
        optimizer.tell(list(zip(children, losses.tolist(), strict=True)))
        return History(run.seed, np.vstack([run.told, losses]), optimizer.mean.copy())

    def best(self, task: HeadTask, run: History) -> Weights:
        return task.deployed(run.mean)

    def _told_again(self, task: HeadTask, run: History) -> SepCMA:
        optimizer = SepCMA(
            mean=task.vector.astype(float),
            sigma=self._sigma,
            seed=int(run.seed),
            population_size=self._population_size,
        )
        for losses in run.told:
            children = [optimizer.ask() for _ in losses]
            optimizer.tell(list(zip(children, losses.tolist(), strict=True)))
        return optimizer
