"""
(1 + lambda) evolution strategy, elitist and sparse, on the int8 head.

After "Partial retraining on inference-only hardware by evolution strategies" (arXiv:2103.14007):
a child is its parent with a few weights moved by a random signed step and saturated; the best of
lambda children replaces the parent if it is no worse. All children see the same frames.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.records import I8, I32, I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._samples import features, labelled
from edge_adapt.updaters._steps import Steps
import numpy as np


class HeadTask(NamedTuple):
    """Cached features (n, n_in), labels, and the head to start from."""

    objective: Objective
    weights: Weights
    features: I8
    labels: I64


class Parent(NamedTuple):
    """The incumbent head (n_classes, n_in) int8, its bias (n_classes,), its fitness."""

    head: I8
    bias: I32
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

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> HeadTask:
        """Compute the features once. Raises UsageError where fewer than two classes are known."""
        known = labelled(objective, samples)
        return HeadTask(
            objective, weights, features(objective, weights, known.images), known.labels
        )

    def start(self, task: HeadTask) -> Parent:
        name = task.objective.network.head.name
        head, bias = task.weights[f'{name}.weights'], task.weights[f'{name}.bias']
        return Parent(head, bias, int(self._fitness(task, head[None], bias[None])[0]), 0)

    def step(self, task: HeadTask, run: Parent) -> Parent | None:
        """Run one generation."""
        if run.generation >= self._n_generations:
            return None
        heads = np.repeat(run.head[None], self._population_size, axis=0)
        biases = np.repeat(run.bias[None], self._population_size, axis=0)
        for head, bias in zip(heads, biases, strict=True):
            self._mutate(head.reshape(-1), bias)
        fitness = self._fitness(task, heads, biases)
        best = int(fitness.argmax())
        generation = int(run.generation) + 1
        if fitness[best] < run.fitness:
            return run._replace(generation=generation)
        return Parent(heads[best], biases[best], int(fitness[best]), generation)

    def best(self, task: HeadTask, run: Parent) -> Weights:
        name = task.objective.network.head.name
        return task.weights.replace({f'{name}.weights': run.head, f'{name}.bias': run.bias})

    def _mutate(self, weights: I8, bias: I32) -> None:
        """Move a few places of weights and bias, taken as one long vector."""
        places = self.rng.integers(0, len(weights) + len(bias), self._n_mutations)
        steps = self.rng.integers(-self._max_step, self._max_step + 1, self._n_mutations)
        for place, step in zip(places.tolist(), steps.tolist(), strict=True):
            if place < len(weights):
                weights[place] = max(-127, min(127, int(weights[place]) + step))
            else:
                bias[place - len(weights)] += step

    def _fitness(self, task: HeadTask, heads: I8, biases: I32) -> I64:
        return task.objective.score_heads(heads, biases, task.features, task.labels)[1]
