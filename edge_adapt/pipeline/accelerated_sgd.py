"""The rung that descends on the head, on the accelerator: the same updater, the same numbers."""

from __future__ import annotations

from edge_adapt import front_end
from edge_adapt.pipeline.learner import Learner
from edge_adapt.records import I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._integer_sgd import IntegerHead
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters.integer_sgd import DescentTask, IntegerSgd
import numpy as np


class AcceleratedSgd(IntegerSgd):
    """integer_sgd whose steps run on the accelerator, bit for bit."""

    def __init__(self, learner: Learner, seed: int = 1, n_passes: int = 10) -> None:
        super().__init__(seed, n_passes)
        self._learner = learner

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> DescentTask:
        """Bring the samples to the accelerator. Raises UsageError as IntegerSgd does."""
        task = super().prepare(objective, weights, samples)
        known = labelled(objective, samples)
        images = front_end.restore(known.images, front_end.steps_of(weights))
        self._learner.capture(weights, images, known.labels)
        return task

    def descended(self, task: DescentTask, head: IntegerHead, order: I64) -> IntegerHead:
        """Return the head after a step on each sample."""
        both = np.column_stack([head.values, head.biases])
        scale = task.shift | task.rate << 8
        done = self._learner.descend(both, head.register, order, scale)
        return IntegerHead(done.values[:, :-1], done.values[:, -1], done.register)
