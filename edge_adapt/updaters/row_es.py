"""
Row-parallel evolution strategy: one shared direction, one fitness per output row.

Moving row j of the head moves logit j alone, so one pass over a mini-batch tells how each of the
rows should move along one random direction b in {-1, +1}: antithetic pairs, and only the sign of
their difference counts. As in EGGROLL (arXiv:2511.16652) the perturbation has rank 1 and costs
one dot product a sample; as in nano-egg everything is an integer and the noise comes from a shift
register. All arithmetic is integer; `_integer_loss.py` holds the loss.

    V      head on a grid of 1/256 int8 step (INT16 form) or of the int8 step itself (INT8 form)
    c      centred features in sixteenths, and 16 for the bias: c = (h - mu, 16)
    z      logits of the incumbent in 1/1024;  d_p = 4 (b_p . c), what a direction adds to them
    V[j] -= step * sign(loss_j(z_j + d_p) - loss_j(z_j - d_p)) * b_p     for every row j

Centring (mu is the mean over the buffer) takes the features' common part out of the directions;
the bias is folded back when weights are yielded.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.lfsr import Lfsr
from edge_adapt.networks.layers import Head
from edge_adapt.records import I16, I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._cache import Cache, N_AT_ONCE
from edge_adapt.updaters._row_generation import (
    centred,
    generation,
    rounded,
    Rule,
    SIXTEENTHS,
)
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters._steps import Steps
import numpy as np

LONG = (
    256,
    256,
    128,
    128,
    64,
    32,
    16,
    8,
)  # steps in 1/256 of the int8 step, equal shares of a run
SHORT = (256, 256, 128, 128, 64, 32)  # of runs of at most half a million evaluations
N_SHORT = 500_000
SIGMA = 4  # int8 steps
TYPICAL_MOVE = 64  # of a logit in 1/1024, by one int8 step of a whole row: what SHORT is made for
GRIDS = {'int16': 256, 'int8': 1}  # parts of an int8 step


class RowTask(NamedTuple):
    """Features of n samples, their mean (n_in,) in sixteenths, labels, and the head to start."""

    objective: Objective
    weights: Weights
    features: Cache
    mean: I16
    labels: I64
    shift: int  # logits in 1/1024 are z << shift, or z >> -shift
    stride: int  # one step is 2^stride int8 steps where those are small
    n_generations: int

    @property
    def unit(self) -> int:
        """How many sixteenths a feature's 1 is: a bit 16, a level 1."""
        return SIXTEENTHS if self.features.is_bits else 1

    @property
    def length(self) -> float:
        """The root mean square length of the centred features, the bias included."""
        squares = 0.0
        for start in range(0, len(self.labels), N_AT_ONCE):
            values = self.features.take(slice(start, start + N_AT_ONCE))
            squares += float((centred(values, self.mean, self.unit) ** 2).sum())
        return float(np.sqrt(squares / len(self.labels)))


class RowRun(NamedTuple):
    """V (n_classes, n_in + 1), the order samples are walked in, how far, and the register."""

    values: I64
    order: I64
    at: int
    generation: int
    register: int


class RowEs(Steps[RowTask, RowRun]):
    """
    Retrain the head on labelled samples by forward passes.

    n_evaluations sets the length of the run, and with it the step schedule. A generation costs
    batch_size * (1 + 2 * n_directions) evaluations; a `next` runs n_generations_a_turn of them.
    Features are bits, or levels in sixteenths. Without hidden fraction bits the INT8 form moves
    by whole steps: where n_directions is above 2, only where most of them agree, which ends
    higher in long runs and starts slower in short ones.
    """

    def __init__(
        self,
        seed: int = 1,
        n_evaluations: int = 205_000,
        form: str = 'int16',
        batch_size: int = 64,
        n_directions: int | None = None,
        n_generations_a_turn: int = 32,
    ) -> None:
        super().__init__(RowRun, seed)
        if form not in GRIDS:
            raise UsageError(f'there is no form {form!r} of row_es; there are: {", ".join(GRIDS)}')
        self._form, self._grid = form, GRIDS[form]
        is_short = n_evaluations <= N_SHORT
        self._n_directions = n_directions or (2 if form == 'int16' or is_short else 16)
        self._batch_size, self._n_evaluations = batch_size, n_evaluations
        self._schedule = SHORT if is_short else LONG
        self._n_a_turn = n_generations_a_turn

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The head, the order of the samples, the mean of the features."""
        return 8 * head.n_classes * (head.n_in + 1) + 8 * (n_samples + head.n_in)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> RowTask:
        """Compute the features once. Raises UsageError where fewer than two classes are known."""
        known = labelled(objective, samples)
        cache = Cache.of(objective, weights, known.images)
        sixteenths = SIXTEENTHS if cache.is_bits else 1
        n_batch = min(self._batch_size, len(known))
        scale = float(weights[f'{objective.network.head.name}.scale'])
        unit = 1024 * scale / sixteenths
        cost = n_batch * (1 + 2 * self._n_directions)
        task = RowTask(
            objective=objective,
            weights=weights,
            features=cache,
            mean=np.rint(cache.mean * sixteenths).astype(np.int16),
            labels=known.labels,
            shift=int(np.rint(np.log2(unit))),
            stride=0,
            n_generations=max(1, self._n_evaluations // cost),
        )
        return task._replace(stride=_stride(unit * task.length))

    def start(self, task: RowTask) -> RowRun:
        head = task.objective.network.head.name
        weights = task.weights[f'{head}.weights'].astype(np.int64)
        # The bias feature is 16 sixteenths, so on bits a bias is a weight; else it is 16 of them.
        bias = task.weights[f'{head}.bias'] * (self._grid * SIXTEENTHS)
        bias = bias * task.unit // SIXTEENTHS + self._grid * (weights @ task.mean)
        values = np.column_stack([self._grid * weights, np.rint(bias / SIXTEENTHS)])
        order = self.rng.permutation(len(task.labels))
        return RowRun(
            values.astype(np.int64),
            order,
            0,
            0,
            int(self.rng.integers(1, 1 << 32, dtype=np.int64)),
        )

    def step(self, task: RowTask, run: RowRun) -> RowRun | None:
        """Run some generations."""
        values, order = run.values.astype(np.float32), run.order  # whole numbers below 2^24
        at, first = int(run.at), int(run.generation)
        n_turns = min(self._n_a_turn, task.n_generations - first)
        if n_turns <= 0:
            return None
        n_batch = min(self._batch_size, len(order))
        register = Lfsr(int(run.register))
        shape = (n_turns, self._n_directions, len(task.mean) + 1)
        noise = register.signs(int(np.prod(shape))).reshape(shape)
        for i, directions in enumerate(noise):
            if at + n_batch > len(order):
                order, at = self.rng.permutation(len(order)), 0
            batch, at = order[at : at + n_batch], at + n_batch
            rule = self._rule(task, (first + i) / task.n_generations)
            features, labels = task.features.take(batch), task.labels[batch]
            generation(values, features, task.mean, labels, directions, rule)
        task.objective.spend(n_turns * n_batch * (1 + 2 * self._n_directions))
        return RowRun(values.astype(np.int64), order, at, first + n_turns, register.state)

    def best(self, task: RowTask, run: RowRun) -> Weights:
        """Return the head with the bias folded back to features that are not centred."""
        head = task.objective.network.head.name
        weights = rounded(run.values[:, :-1], self._grid)
        bias = run.values[:, -1] * SIXTEENTHS / self._grid - weights @ task.mean
        return task.weights.replace(
            {
                f'{head}.weights': weights.astype(np.int8),
                f'{head}.bias': np.rint(bias / task.unit).astype(np.int32),
            }
        )

    def _rule(self, task: RowTask, progress: float) -> Rule:
        """Return what a generation goes by, `progress` 0..1 of the way."""
        if self._form == 'int16':
            step, needed = self._schedule[int(progress * len(self._schedule))], 0.0
        else:
            step = 1
            needed = (1 + progress) * self._n_directions**0.5 if self._n_directions > 2 else 0.0
        reach = SIGMA << task.stride
        return Rule(task.unit, reach, task.shift, self._grid, step << task.stride, needed)


def _stride(move: float) -> int:
    """Return the power of two, >= 0, that brings the move of a whole row to TYPICAL_MOVE."""
    return max(0, int(np.floor(np.log2(TYPICAL_MOVE / max(move, 1e-6)))))
