"""
Rank-one evolution strategy in int8, after EGGROLL (arXiv:2511.16652) and its nano-egg form.

A perturbation of the head is an outer product a b' of signs; pairs are antithetic; only the sign
of a pair's fitness difference counts. Signs times noise are summed up, and a weight moves by one
step where the sum passes a threshold. One fitness for the whole head, unlike in row_es.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.networks import layers
from edge_adapt.records import I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._head_task import HeadTask
from edge_adapt.updaters._steps import Steps
import numpy as np


class Head(NamedTuple):
    """The head as a vector of whole numbers."""

    vector: I64
    generation: int


class RankOne(Steps[HeadTask, Head]):
    """
    Retrain the head on labelled samples by forward passes.

    threshold: how many standard deviations of a random sum a sum must pass. A generation costs
    2 * n_pairs evaluations per sample of its mini-batch.
    """

    def __init__(
        self,
        seed: int = 1,
        n_generations: int = 25,
        n_pairs: int = 16,
        batch_size: int = 256,
        sigma: int = 4,
        step: int = 2,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(Head, seed)
        self._n_generations, self._n_pairs = n_generations, n_pairs
        self._batch_size, self._sigma = batch_size, sigma
        self._step, self._threshold = step, threshold

    def run_bytes(self, head: layers.Head, n_samples: int) -> int:
        """The head as a vector."""
        return 8 * head.n_classes * (head.n_in + 1)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> HeadTask:
        return HeadTask.of(objective, weights, samples)

    def start(self, task: HeadTask) -> Head:
        return Head(task.vector, 0)

    def step(self, task: HeadTask, run: Head) -> Head | None:
        """Run one generation."""
        if run.generation >= self._n_generations:
            return None
        head = task.objective.network.head
        rows = self.rng.choice([-1, 1], (self._n_pairs, head.n_classes))
        columns = self.rng.choice([-1, 1], (self._n_pairs, head.n_in))
        outer = (rows[:, :, None] * columns[:, None, :]).reshape(self._n_pairs, -1)
        noise = np.concatenate([outer, rows], axis=1)  # a bias moves with its row
        batch = self.rng.permutation(len(task.labels))[: self._batch_size]
        children = run.vector + self._sigma * np.concatenate([noise, -noise])
        up, down = np.split(task.margins(children, batch), 2)
        vote = np.sign(up - down) @ noise
        decided = np.abs(vote) > self._threshold * self._n_pairs**0.5
        vector = run.vector + self._step * np.sign(vote) * decided
        vector[: outer.shape[1]] = vector[: outer.shape[1]].clip(-127, 127)
        return Head(vector, int(run.generation) + 1)

    def best(self, task: HeadTask, run: Head) -> Weights:
        return task.deployed(run.vector)
