"""
Tent on a binary network: recalibrate, then make the answers surer by gradient steps.

Tent (Wang et al., ICLR 2021, arXiv:2006.10726) takes the statistics of the frames at hand and
descends the entropy of the answers in the scale and shift of every normalization. Folded into a
threshold, scale and shift are one number a channel; the gradient reaches the thresholds the head
reads from, straight through the sign:

    dE/dt = -sum over frames of (dE/db) [|sum - t| <= deviation] / deviation

It is a baseline. On skewed streams it collapses, as every entropy descent does; the filters of
EATA (`_reliable.py`) and a periodic reset (`rdumb.py`) are what was proposed against that.
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Head, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, F64, Samples, Weights
from edge_adapt.signals import softmax
from edge_adapt.updaters import Objective
from edge_adapt.updaters._reliable import mean_after, redundant, reliable
from edge_adapt.updaters._steps import Steps
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np


class TentTask(NamedTuple):
    """Recalibrated weights; the sums (n, places, channels) under the last bits; their layer."""

    weights: Weights
    objective: Objective
    layer: Threshold
    sums: Array
    head: F64  # (n_classes, places, channels), in natural logits
    bias: F64


class TentRun(NamedTuple):
    """Thresholds (channels,) in floating point, the mean answer (n_classes,), steps done."""

    thresholds: F64
    mean: F64
    n_steps: int


class Tent(Steps[TentTask, TentRun]):
    """
    Takes n_steps mini-batches of unlabelled frames; a `next` is one step.

    learning_rate is in deviations of a channel's sums. filtered: leave out and weigh frames as
    EATA does; most_alike is its limit of the cosine with the mean answer.
    """

    def __init__(
        self,
        seed: int = 1,
        n_steps: int = 16,
        batch_size: int = 64,
        learning_rate: float = 0.02,
        filtered: bool = False,
        most_alike: float = 0.4,
    ) -> None:
        super().__init__(TentRun, seed)
        self._n_steps, self._batch_size = n_steps, batch_size
        self._learning_rate, self._filtered = learning_rate, filtered
        self._most_alike = most_alike

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """The head, its bias, the mean answer and the thresholds in floating point."""
        return 8 * (head.n_classes * head.n_in + 2 * head.n_classes + head.n_in)

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return the sums under the last bits and what the run keeps."""
        return 2 * n_samples * network.head.n_in + self.run_bytes(network.head, n_samples)

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> TentTask:
        """Recalibrate. Raises UsageError without samples or where no bits go into the head."""
        head = objective.network.head
        (source,) = objective.network.sources[head.name]
        layer = next((x for x in objective.network.thresholds if x.name == source), None)
        if layer is None:
            raise UsageError(f'tent needs a head that reads bits of a threshold, got {source!r}')
        *_, tuned = Recalibration().improve(objective, weights, samples)
        sums = objective.value(tuned, samples.images, layer.name)
        scale = float(tuned[f'{head.name}.scale'])
        rows = tuned[f'{head.name}.weights'].astype(np.float64) * scale
        return TentTask(
            tuned,
            objective,
            layer,
            sums.reshape(len(sums), -1, layer.n).clip(-32768, 32767).astype(np.int16),
            rows.reshape(head.n_classes, -1, layer.n),
            tuned[f'{head.name}.bias'] * scale,
        )

    def start(self, task: TentTask) -> TentRun:
        thresholds = task.weights[f'{task.layer.name}.thresholds'].astype(np.float64)
        return TentRun(thresholds, np.zeros(len(task.head)), 0)

    def step(self, task: TentTask, run: TentRun) -> TentRun | None:
        """Take one step against the entropy of a mini-batch."""
        if run.n_steps >= self._n_steps:
            return None
        chosen = self.rng.permutation(len(task.sums))[: self._batch_size]
        sums = task.sums[chosen].astype(np.float64)
        task.objective.spend(len(sums))
        flips = np.where(task.weights[f'{task.layer.name}.flips'] != 0, -1.0, 1.0)
        bits = np.where(sums >= np.ceil(run.thresholds), 1.0, -1.0) * flips
        logits = np.einsum('npc,kpc->nk', bits, task.head) + task.bias
        shares = softmax(logits).astype(np.float64)
        weights, mean = self._weigh(shares, run.mean)
        # dE/dz_k = -p_k (log p_k + E), and the bits know of z through the head.
        logs = np.log(np.maximum(shares, 1e-12))
        slopes = -shares * (logs - (shares * logs).sum(axis=1, keepdims=True))
        by_bit = np.einsum('nk,kpc->npc', slopes * weights[:, None], task.head) * flips
        deviations = np.maximum(sums.std(axis=(0, 1)), 1.0)
        near = np.abs(sums - run.thresholds) <= deviations
        gradient = -(by_bit * near).sum(axis=(0, 1)) / max(float(weights.sum()), 1.0)
        moved = run.thresholds - self._learning_rate * deviations * gradient
        return TentRun(moved, mean, int(run.n_steps) + 1)

    def best(self, task: TentTask, run: TentRun) -> Weights:
        name = f'{task.layer.name}.thresholds'
        return task.weights.replace({name: np.ceil(run.thresholds).astype(np.int32)})

    def _weigh(self, shares: F64, mean: F64) -> tuple[F64, F64]:
        """Return how much each frame counts, and the mean answer after them."""
        if not self._filtered:
            return np.ones(len(shares)), mean
        weights = reliable(shares)
        if mean.any():
            weights = weights * (1 - redundant(shares, mean, self._most_alike))
        return weights, mean_after(mean, shares, weights)
