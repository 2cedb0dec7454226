"""
(1 + lambda) evolution strategy, elitist and sparse, on the int8 head.

After incremental training on inference-only hardware (arXiv:2103.14007): a child is its parent
with a few weights moved by a random signed step and saturated; the best of lambda children
replaces the parent if it is no worse. All children see the same frames.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.networks.layers import Head
from edge_adapt.records import I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._head_task import HeadTask
from edge_adapt.updaters._steps import Steps
import numpy as np


class Parent(NamedTuple):
    """The incumbent head as a vector, and its fitness."""

    vector: I64
    fitness: int
    generation: int


class OnePlusLambda(Steps[HeadTask, Parent]):
    """
    Retrain the head on labelled samples by forward passes.

    A generation costs population_size evaluations per sample. The fitness is the summed margin,
    which, unlike the number of correct samples, has no plateaus.
    """

    def __init__(
        self,
        seed: int = 1,
        n_candidates: int = 1024,
        population_size: int = 8,
        n_mutations: int = 20,
        max_step: int = 40,
    ) -> None:
        super().__init__(Parent, seed)
        self._n_generations = max(1, n_candidates // population_size)
        self._population_size, self._n_mutations = population_size, n_mutations
        self._max_step = max_step

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The head as a vector."""
        return 8 * head.n_classes * (head.n_in + 1)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> HeadTask:
        return HeadTask.of(objective, weights, samples)

    def start(self, task: HeadTask) -> Parent:
        return Parent(task.vector, int(task.margins(task.vector[None])[0]), 0)

    def step(self, task: HeadTask, run: Parent) -> Parent | None:
        """Run one generation."""
        if run.generation >= self._n_generations:
            return None
        shape = self._population_size, self._n_mutations
        places = self.rng.integers(0, len(run.vector), shape)
        steps = self.rng.integers(-self._max_step, self._max_step + 1, shape)
        children = np.repeat(run.vector[None], self._population_size, axis=0)
        np.add.at(children, (np.arange(self._population_size)[:, None], places), steps)
        n_weights = task.objective.network.head.n_in * task.objective.network.head.n_classes
        np.clip(children[:, :n_weights], -127, 127, out=children[:, :n_weights])
        fitness = task.margins(children)
        best = int(fitness.argmax())
        run = run._replace(generation=int(run.generation) + 1)
        if fitness[best] < run.fitness:
            return run
        return run._replace(vector=children[best].copy(), fitness=int(fitness[best]))

    def best(self, task: HeadTask, run: Parent) -> Weights:
        return task.deployed(run.vector)
