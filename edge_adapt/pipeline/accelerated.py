"""
Rungs whose work the accelerator does: the same updaters, the same numbers, another machine.

A learner (`engines/_learner.py`) runs frames and generations; what comes back is a candidate like
any other. The features that decide the length and scale of a run come from the objective.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from edge_adapt import front_end
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Threshold
from edge_adapt.networks.network import INPUT
from edge_adapt.pipeline.accelerated_bit_flips import AcceleratedBitFlips
from edge_adapt.pipeline.accelerated_sgd import AcceleratedSgd
from edge_adapt.pipeline.ladder import Rung
from edge_adapt.pipeline.learner import Learner
from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Objective, Updater
from edge_adapt.updaters._integer_statistics import n_above
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters.recalibration import Recalibration, share_above
from edge_adapt.updaters.row_es import RowEs, RowRun, RowTask
import numpy as np

N_DIRECTIONS = 2  # what the RTL is built with
MAX_SHIFT, MAX_STRIDE = 15, 15


class AcceleratedRecalibration(Recalibration):
    """Recalibration of kind 'rate': the accelerator counts frames and searches the thresholds."""

    def __init__(self, learner: Learner) -> None:
        super().__init__(kind='rate')
        self._learner = learner

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """Yield as Recalibration does. Raises UsageError where there are no samples."""
        if not len(samples):
            raise UsageError('recalibration needs frames, got none')
        layers = _hidden(objective)
        wanted = np.concatenate(
            [n_above(share_above(objective, layer), len(samples)) for layer in layers]
        )
        better, at = weights, 0
        for layer in layers:
            images = front_end.restore(samples.images, front_end.steps_of(better))
            thresholds = self._learner.rate_thresholds(better, images, wanted)
            objective.spend(len(samples))
            better = better.replace({f'{layer.name}.thresholds': thresholds[at : at + layer.n]})
            at += layer.n
            yield better if layer is layers[-1] else weights


class AcceleratedRowEs(RowEs):
    """row_es whose generations run on the accelerator, bit for bit."""

    def __init__(self, learner: Learner, seed: int = 1, n_evaluations: int = 205_000) -> None:
        super().__init__(seed, n_evaluations, n_directions=N_DIRECTIONS)
        self._learner = learner

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> RowTask:
        """Bring the samples to the accelerator. Raises UsageError as RowEs does."""
        task = super().prepare(objective, weights, samples)
        # Four int8 steps of 2^stride are what moves are shifted by, beyond logits (es_unit.sv).
        moves = task.shift + task.stride + 2
        if not (task.shift >= -MAX_SHIFT and moves <= MAX_SHIFT and task.stride <= MAX_STRIDE):
            raise UsageError(f'the head has a scale beyond the accelerator: shift {task.shift}')
        known = labelled(objective, samples)
        images = front_end.restore(known.images, front_end.steps_of(weights))
        self._learner.capture(weights, images, known.labels)
        return task

    def step(self, task: RowTask, run: RowRun) -> RowRun | None:
        """Run some generations: those of one order and one step size at a time."""
        order, at, generation = run.order, int(run.at), int(run.generation)
        end = min(generation + self._n_a_turn, task.n_generations)
        if end == generation:
            return None
        n_batch = min(self._batch_size, len(order))
        self._learner.start_head(
            run.values, task.mean.astype(np.int64), int(run.register), n_batch
        )
        n_turns = end - generation
        while generation < end:
            if at + n_batch > len(order):
                order, at = self.rng.permutation(len(order)), 0
            step = self._step_at(generation, task)
            n = 1
            while (
                generation + n < end
                and at + (n + 1) * n_batch <= len(order)
                and self._step_at(generation + n, task) == step
            ):
                n += 1
            scale = (task.shift & 31) | task.stride << 8 | (step.bit_length() - 1) << 16
            self._learner.run_head(order[at : at + n * n_batch], n, scale)
            at, generation = at + n * n_batch, generation + n
        task.objective.spend(n_turns * n_batch * (1 + 2 * self._n_directions))
        head = self._learner.head()
        return RowRun(head.values, order, at, generation, head.register)

    def _step_at(self, generation: int, task: RowTask) -> int:
        return self._schedule[int(generation / task.n_generations * len(self._schedule))]


def accelerated(rungs: Sequence[Rung], learner: Learner, seed: int) -> tuple[Rung, ...]:
    """
    Return the ladder with the updaters that have a circuit on the accelerator.

    Raises UsageError where none of them has.
    """
    known: dict[str, Callable[[], Updater]] = {
        'recalibration': partial(AcceleratedRecalibration, learner),
        'row_es': partial(AcceleratedRowEs, learner, seed),
        'bit_flips': partial(AcceleratedBitFlips, learner, seed),
        'integer_sgd': partial(AcceleratedSgd, learner, seed),
    }
    circuits = {name: known[name] for name in learner.circuits}
    names = {name for rung in rungs for name, _ in rung.updaters}
    if not names & set(circuits):
        raise UsageError(
            f"with adapt 'accelerator' the ladder must have one of {', '.join(circuits)},"
            f' got {", ".join(sorted(names))}'
        )
    return tuple(
        replace(
            rung,
            updaters=tuple(
                (name, circuits[name]() if name in circuits else updater)
                for name, updater in rung.updaters
            ),
        )
        for rung in rungs
    )


def _hidden(objective: Objective) -> list[Threshold]:
    """Return the thresholds that the accelerator applies: not those of the pixels."""
    network = objective.network
    layers = [layer for layer in network.recalibrated if network.sources[layer.name] != (INPUT,)]
    thresholds = [layer for layer in layers if isinstance(layer, Threshold)]
    if not layers or len(thresholds) < len(layers) or len(layers) < len(network.recalibrated):
        raise UsageError('the accelerator recalibrates networks whose thresholds all follow sums')
    return thresholds
