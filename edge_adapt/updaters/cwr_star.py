"""
CWR* on binary features with hybrid quantization: learn classes one after the other.

CWR* (Lomonaco, Maltoni and Pellegrini, arXiv:1907.03799) learns a temporary head tw for each
experience and consolidates it into cw; Vorabbi et al. (arXiv:2308.15308, arXiv:2401.09916) bring
it to binary networks with q_f bits forward, q_b bits backward, and a replay of 1-bit latents.

    start      tw_j = cw_j for the classes present, by samples or by latents; else 0
    train      tw by gradient steps; the classes not present start from 0 and are dropped
    end        w = tw_j - mean(all tw of classes present)
               cw_j = w where j is new, else (r cw_j + w) / (r + 1), r = sqrt(past_j / cur_j)
               past_j += cur_j

With 8 bits backward, gradients are rarely half a grid step: rounded to nearest they vanish, so
errors and weights are rounded stochastically.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import never_wins
from edge_adapt.networks.layers import Head
from edge_adapt.records import Array, F64, I16, I64, Samples, U8, Weights
from edge_adapt.updaters import Objective, State
from edge_adapt.updaters._cache import Cache
from edge_adapt.updaters._hybrid import CLIP, forward_copy, grid_of, narrow, onto_grid, wide
from edge_adapt.updaters._latents import Latents
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters._steps import Steps
import numpy as np


class CwrTask(NamedTuple):
    """
    An experience: features of n samples, labels (n,).

    Features are +-1, or levels times `gain`, which brings their mean square to 1 as well.
    """

    objective: Objective
    weights: Weights
    features: Cache
    labels: I64
    unit: float  # logits = unit * weights . features + offset
    gain: float


class CwrRun(NamedTuple):
    """
    Heads (n_classes, n_in), counts and offsets (n_classes,), and the latents to replay.

    Heads are kept in 16 bits; tw in floating point where q_b is wider.
    """

    cw: I16
    tw: Array
    past: F64
    offset: F64
    latents: U8
    latent_labels: I64
    epoch: int


class CwrStar(Steps[CwrTask, CwrRun]):
    """
    Learn an experience with the head; what was learned before is kept.

    q_f, q_b: bits forward and backward. replay_per_class: 1-bit latents kept of every class.
    known_count: how many samples per class the head counts as having seen when it comes
    trained; 0 forgets that head and starts from nothing. ratio: 'count' is r of the paper,
    'one' weighs an experience as much as all before it. A class never seen cannot win.
    """

    def __init__(
        self,
        seed: int = 1,
        q_f: int = 8,
        q_b: int = 16,
        replay_per_class: int = 20,
        known_count: int = 20,
        ratio: str = 'count',
        learning_rate: float = 1.0,
        n_epochs: int = 10,
        batch_size: int = 32,
        replay_batch_per_class: int = 16,
        stochastic: bool = True,
    ) -> None:
        super().__init__(CwrRun, seed)
        if not (2 <= q_f <= 8 and 2 <= q_b <= 32):
            raise UsageError(f'q_f must be 2..8 and q_b 2..32, got {q_f} and {q_b}')
        if ratio not in ('count', 'one'):
            raise UsageError(f"ratio must be 'count' or 'one', got {ratio!r}")
        self._q_f, self._q_b, self._stochastic = q_f, q_b, stochastic
        self._known_count, self._ratio = known_count, ratio
        self._learning_rate, self._n_epochs = learning_rate, n_epochs
        self._batch_size = batch_size
        self._latents = Latents(replay_per_class, replay_batch_per_class)
        self._memory: CwrRun | None = None

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """Heads in 16 bits before and after, tw as wide as q_b, latents before and after."""
        n_rows = head.n_classes * head.n_in
        n_latents = head.n_classes * self._latents.n_per_class
        latents = n_latents * (-(-head.n_in // 8) + 8)
        return (6 if self._q_b <= 16 else 12) * n_rows + 24 * head.n_classes + 2 * latents

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> CwrTask:
        """Compute the features once. Raises UsageError where no label is known."""
        known = labelled(objective, samples, n_classes_needed=1)
        cache = Cache.of(objective, weights, known.images)
        gain = 1.0 if cache.is_bits else 1 / cache.root_mean_square
        return CwrTask(objective, weights, cache, known.labels, 4 / cache.n_in**0.5, gain)

    def start(self, task: CwrTask) -> CwrRun:
        memory = self._memory
        if memory is None or not self._is_of(task, memory):
            memory = self._first(task)  # another head came: after a rollback, or from a bank
        present = np.union1d(task.labels, memory.latent_labels)
        tw = np.zeros_like(memory.cw)
        tw[present] = memory.cw[present]
        if self._q_b > 16:
            return memory._replace(tw=wide(tw), epoch=0)
        return memory._replace(tw=tw, epoch=0)

    def step(self, task: CwrTask, run: CwrRun) -> CwrRun | None:
        """Run one epoch over the experience; what was learned is consolidated at once."""
        if run.epoch >= self._n_epochs:
            return None
        order = self.rng.permutation(len(task.labels))
        tw = wide(run.tw)
        for start in range(0, len(order), self._batch_size):
            batch = order[start : start + self._batch_size]
            x, y = self._latents.beside(
                (task.gain * task.features.take(batch)).astype(np.float64),
                task.labels[batch],
                run.latents,
                run.latent_labels,
                self.rng,
            )
            tw = self._descend(tw, x, y, task, run.offset)
            task.objective.spend(len(x))
        kept = tw if self._q_b > 16 else narrow(tw)
        run = run._replace(tw=kept, epoch=int(run.epoch) + 1)
        self._memory = self._consolidated(task, run)
        return run

    def best(self, task: CwrTask, run: CwrRun) -> Weights:
        assert self._memory is not None
        return self._deployed(task, self._memory)

    def state(self) -> State:
        memory = {} if self._memory is None else self._memory._asdict()
        return {**super().state(), **{f'memory.{k}': np.array(v) for k, v in memory.items()}}

    def restore(self, state: State) -> None:
        super().restore(state)
        memory: dict[str, Any] = {
            k[7:]: v.copy() for k, v in state.items() if k.startswith('memory.')
        }
        self._memory = CwrRun(**memory) if memory else None

    def _first(self, task: CwrTask) -> CwrRun:
        """Return the memory of a learner that has seen nothing but a trained head, if that."""
        head = task.objective.network.head
        scale = float(task.weights[f'{head.name}.scale'])
        cw = task.weights[f'{head.name}.weights'] * (scale / (task.unit * task.gain))
        offset = task.weights[f'{head.name}.bias'] * scale
        known = np.any(cw != 0, axis=1) & (self._known_count > 0)
        return CwrRun(
            cw=narrow(np.where(known[:, None], cw, 0.0)),
            tw=np.zeros(cw.shape, np.int16),
            past=known * float(self._known_count),
            offset=np.where(known, offset, 0.0),
            latents=np.zeros((0, -(-head.n_in // 8)), np.uint8),
            latent_labels=np.zeros(0, np.int64),
            epoch=0,
        )

    def _is_of(self, task: CwrTask, memory: CwrRun) -> bool:
        """Return whether the head of the task is the one this learner gave last."""
        name = task.objective.network.head.name
        own = self._deployed(task, memory)
        tensors = [f'{name}.weights', f'{name}.bias', f'{name}.scale']
        return all(np.array_equal(own[tensor], task.weights[tensor]) for tensor in tensors)

    def _descend(self, tw: F64, x: F64, y: I64, task: CwrTask, offset: F64) -> F64:
        """Return tw after one gradient step of the cross-entropy over all outputs."""
        rng = self.rng if self._stochastic else None
        forward, step = forward_copy(tw, self._q_f)
        logits = (x @ forward.T) * (task.unit * step) + offset
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        errors = exponentials / exponentials.sum(axis=1, keepdims=True)
        errors[np.arange(len(y)), y] -= 1
        errors = onto_grid(errors, grid_of(self._q_b) / CLIP, rng)  # errors are within [-1, 1]
        # Latents come on top of the batch: they add to the step and do not dilute it.
        gradient = errors.T @ x * (task.unit / self._batch_size)
        moved = onto_grid(tw - self._learning_rate * gradient, grid_of(self._q_b), rng)
        return np.clip(moved, -CLIP, CLIP)

    def _consolidated(self, task: CwrTask, run: CwrRun) -> CwrRun:
        """Return the memory after the experience."""
        labels = np.concatenate([task.labels, run.latent_labels])
        present, counts = np.unique(labels, return_counts=True)
        tw = wide(run.tw[present])
        w = tw - tw.mean()
        past = run.past[present]
        r = np.sqrt(past / counts) if self._ratio == 'count' else np.minimum(past, 1.0)
        r = r[:, None]  # 0 where the class is new: cw_j = w
        cw, total = run.cw.copy(), run.past.copy()
        cw[present] = narrow((r * wide(cw[present]) + w) / (r + 1))
        total[present] += counts
        latents, latent_labels = self._latents.after(
            task.features, task.labels, run.latents, run.latent_labels, run.past, self.rng
        )
        return run._replace(cw=cw, past=total, latents=latents, latent_labels=latent_labels)

    def _deployed(self, task: CwrTask, memory: CwrRun) -> Weights:
        """Return the weights with the consolidated head at q_f bits."""
        head = task.objective.network.head
        cw, step = forward_copy(wide(memory.cw), self._q_f)
        scale = task.unit * step * task.gain
        never = never_wins(task.objective.network)
        bias = np.where(memory.past > 0, np.rint(memory.offset / scale), never)
        return task.weights.replace(
            {
                f'{head.name}.weights': cw,
                f'{head.name}.bias': bias.astype(np.int32),
                f'{head.name}.scale': np.asarray(scale, np.float32),
            }
        )
