"""
Label-free evolution with the fitness of FOA (Niu et al., arXiv:2404.01650), for comparison.

CMA-ES over a gain and an offset of the input and a shift and a scale of each threshold layer.
The fitness is the mean entropy of the answers plus `weight` times the squared gap of each
channel's mean and deviation to the clean ones. It starts from recalibrated thresholds, which are
the closed-form minimum of the second term: what it gains over them is what the entropy gains.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from edge_adapt import front_end
from edge_adapt.networks.layers import Head
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, F64, Samples, U8, Weights
from edge_adapt.signals import entropy, softmax
from edge_adapt.updaters import Objective
from edge_adapt.updaters._cma import CMA
from edge_adapt.updaters._steps import Steps
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np

SIGMA = 0.1


class FoaTask(NamedTuple):
    """Recalibrated weights, and the frames (n, h, w, c) to judge candidates on."""

    objective: Objective
    weights: Weights
    images: U8


class FoaRun(NamedTuple):
    """The optimizer's seed, the fitness told so far, and the best candidate with its own."""

    seed: int
    told: F64
    best: F64
    fitness: float


class Foa(Steps[FoaTask, FoaRun]):
    """A generation costs population_size * (number of threshold layers + 1) passes a frame."""

    def __init__(
        self,
        seed: int = 1,
        n_generations: int = 12,
        population_size: int = 12,
        n_frames: int = 64,
        weight: float = 0.4,
    ) -> None:
        super().__init__(FoaRun, seed)
        self._n_generations, self._population_size = n_generations, population_size
        self._n_frames, self._weight = n_frames, weight
        self._optimizer: CMA | None = None

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The fitness of all candidates."""
        return 8 * self._n_generations * self._population_size

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return the frames, the optimizer's matrices, and the fitness of all candidates."""
        frames = min(n_samples, self._n_frames) * math.prod(network.input_shape)
        n = 2 + 2 * len(network.thresholds)
        return frames + 8 * (3 * n**2 + 8 * n) + self.run_bytes(network.head, n_samples)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> FoaTask:
        """Recalibrate. Raises UsageError where there are no samples."""
        *_, tuned = Recalibration().improve(objective, weights, samples)
        self._optimizer = None
        return FoaTask(objective, tuned, samples.images[: self._n_frames].copy())

    def start(self, task: FoaTask) -> FoaRun:
        nothing = np.zeros(2 + 2 * len(task.objective.network.thresholds))
        told = np.zeros((0, self._population_size))
        seed = int(self.rng.integers(1 << 31))
        return FoaRun(seed, told, nothing, self._fitness(task, nothing))

    def step(self, task: FoaTask, run: FoaRun) -> FoaRun | None:
        """Run one generation."""
        if len(run.told) >= self._n_generations:
            return None
        optimizer = self._optimizer = self._optimizer or self._told_again(run)
        children = [optimizer.ask() for _ in range(self._population_size)]
        losses = [self._fitness(task, child) for child in children]
        optimizer.tell(list(zip(children, losses, strict=True)))
        run = run._replace(told=np.vstack([run.told, losses]))
        winner = int(np.argmin(losses))
        if losses[winner] >= run.fitness:
            return run
        return run._replace(best=children[winner], fitness=losses[winner])

    def best(self, task: FoaTask, run: FoaRun) -> Weights:
        return self._weights(task, run.best)

    def _told_again(self, run: FoaRun) -> CMA:
        """Return the optimizer after all that it was told; costs no evaluation."""
        optimizer = CMA(
            mean=np.zeros(len(run.best)),
            sigma=SIGMA,
            seed=int(run.seed),
            population_size=self._population_size,
        )
        for losses in run.told:
            children = [optimizer.ask() for _ in losses]
            optimizer.tell(list(zip(children, losses.tolist(), strict=True)))
        return optimizer

    def _weights(self, task: FoaTask, vector: F64) -> Weights:
        """Return the weights of a candidate; the zero vector changes nothing."""
        if not vector.any():
            return task.weights
        gain, offset = np.exp(vector[0]), 255 * vector[1]
        levels = np.rint((np.arange(256) - 128) * gain + 128 + offset).clip(0, 255)
        changed: dict[str, Array] = front_end.tensors({'levels': levels.astype(np.uint8)})
        for layer, (shift, scale) in zip(
            task.objective.network.thresholds, vector[2:].reshape(-1, 2), strict=True
        ):
            name = f'{layer.name}.thresholds'
            mean = task.objective.statistics[f'{layer.name}.mean']
            deviation = task.objective.statistics[f'{layer.name}.deviation']
            moved = mean + (task.weights[name] - mean) * np.exp(scale) + shift * deviation
            changed[name] = np.rint(moved).astype(np.int32)
        return task.weights.replace(changed)

    def _fitness(self, task: FoaTask, vector: F64) -> float:
        """Return what is to be small."""
        weights, objective = self._weights(task, vector), task.objective
        scale = float(weights[f'{objective.network.head.name}.scale'])
        logits = objective.logits(weights, task.images) * scale
        gap = 0.0
        for layer in objective.network.thresholds:
            sums = objective.value(weights, task.images, layer.name)
            sums = sums.reshape(-1, sums.shape[-1])
            mean, deviation = (
                objective.statistics[f'{layer.name}.{name}'] for name in ('mean', 'deviation')
            )
            off = (sums.mean(axis=0) - mean) ** 2 + (sums.std(axis=0) - deviation) ** 2
            gap += float((off / np.maximum(deviation, 1) ** 2).mean())
        return float(entropy(softmax(logits)).mean()) + self._weight * gap
