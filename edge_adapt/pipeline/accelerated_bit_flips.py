"""The rung that flips bits, on the accelerator: the same updater, the same numbers."""

from __future__ import annotations

from edge_adapt import front_end
from edge_adapt.pipeline.learner import Learner
from edge_adapt.records import Weights
from edge_adapt.updaters.bit_flips import BitFlips, FlipRun, FlipTask


class AcceleratedBitFlips(BitFlips):
    """bit_flips whose generations run on the accelerator, bit for bit."""

    def __init__(self, learner: Learner, seed: int = 1, n_generations: int = 64) -> None:
        super().__init__(seed, n_generations, lanes=learner.lanes)
        self._learner = learner

    def evolved(self, task: FlipTask, run: FlipRun, n_generations: int) -> tuple[Weights, int]:
        """Return the parent after some generations, and the register."""
        known, weights = task.samples.take(run.chosen), self.best(task, run)
        images = front_end.restore(known.images, front_end.steps_of(weights))
        scale = self._n_children << 16 | self._rate
        task.objective.spend(len(known) * (1 + n_generations * self._n_children))
        flipped = self._learner.flip(
            weights, int(run.register), images, known.labels, scale, n_generations
        )
        return flipped.weights, flipped.register
