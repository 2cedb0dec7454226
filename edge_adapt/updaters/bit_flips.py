"""
(1 + lambda) evolution strategy that flips bits of the binary weights.

After incremental training on inference-only hardware (arXiv:2103.14007), with children that are
seeds instead of copies (`_bit_flips.py`): it retrains the fully connected layers whose weights are
+1 or -1, and leaves all others alone.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Dense, Head
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, I64, Samples, U8, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._bit_flips import binary_layers, evolve
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters._steps import Steps
import numpy as np

MOST = (1 << 16) - 1  # of what the hardware has 16 bits for


class FlipTask(NamedTuple):
    """Labelled samples, the weights to start from, and the layers whose bits may flip."""

    objective: Objective
    weights: Weights
    layers: list[Dense]
    samples: Samples


class FlipRun(NamedTuple):
    """The parent's bits, packed layer by layer, the samples it is judged by, and the register."""

    bits: U8
    chosen: I64
    generation: int
    register: int


class BitFlips(Steps[FlipTask, FlipRun]):
    """
    Retrain binary weights on labelled samples by forward passes.

    A generation costs n_children evaluations of each of n_samples samples; rate / 2^20 of the
    weights flip in a child. lanes is the width of the hardware whose children these are.
    """

    def __init__(
        self,
        seed: int = 1,
        n_generations: int = 64,
        n_children: int = 4,
        n_samples: int = 64,
        rate: int = 8000,
        lanes: int = 128,
    ) -> None:
        super().__init__(FlipRun, seed)
        counts = {'n_children': n_children, 'n_samples': n_samples, 'rate': rate}
        for name, value in counts.items():
            if not 1 <= value <= MOST:
                raise UsageError(f'{name} of bit_flips must be 1..{MOST}, got {value}')
        self._n_generations, self._n_children = n_generations, n_children
        self._n_samples, self._rate, self._lanes = n_samples, rate, lanes
        self._n_a_turn = 8

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return which frames are chosen, and the parent's bits."""
        dense = [layer for layer in network.layers if isinstance(layer, Dense)]
        n_bits = sum(layer.n_out * layer.n_in for layer in dense)
        return 8 * min(n_samples, self._n_samples) + -(-n_bits // 8)

    def run_bytes(self, head: Head, n_samples: int) -> int:
        """Nothing of the head."""
        return 0

    def prepare(self, objective: Objective, weights: Weights, samples: Samples) -> FlipTask:
        """Raises UsageError where fewer than two classes are known, or no weight is a bit."""
        layers = binary_layers(objective.network, weights)
        if not layers:
            raise UsageError(
                f'network {objective.network.name!r} has no fully connected layer with weights'
                ' +1 and -1, whose bits could flip'
            )
        return FlipTask(objective, weights, layers, labelled(objective, samples))

    def start(self, task: FlipTask) -> FlipRun:
        chosen = self.rng.permutation(len(task.samples))[: self._n_samples]
        register = int(self.rng.integers(1, 1 << 32, dtype=np.int64))
        return FlipRun(_packed(task.layers, task.weights), np.sort(chosen), 0, register)

    def step(self, task: FlipTask, run: FlipRun) -> FlipRun | None:
        """Run some generations, from a parent that is evaluated anew."""
        n_turns = min(self._n_a_turn, self._n_generations - int(run.generation))
        if n_turns <= 0:
            return None
        weights, register = self.evolved(task, run, n_turns)
        return FlipRun(
            _packed(task.layers, weights),
            run.chosen,
            int(run.generation) + n_turns,
            register,
        )

    def evolved(self, task: FlipTask, run: FlipRun, n_generations: int) -> tuple[Weights, int]:
        """Return the parent after some generations, and the register."""
        known = task.samples.take(run.chosen)
        parents = evolve(
            task.objective.network,
            self.best(task, run),
            lambda candidate: task.objective.logits(candidate, known.images),
            known.labels,
            seed=int(run.register),
            n_children=self._n_children,
            rate=self._rate,
            lanes=self._lanes,
        )
        *_, parent = islice(parents, n_generations)
        return parent.weights, parent.register

    def best(self, task: FlipTask, run: FlipRun) -> Weights:
        """Return the weights with the parent's bits."""
        signs = 2 * np.unpackbits(run.bits).astype(np.int8) - 1
        changes: dict[str, Array] = {}
        at = 0
        for layer in task.layers:
            n = layer.n_out * layer.n_in
            changes[f'{layer.name}.weights'] = signs[at : at + n].reshape(layer.n_out, -1)
            at += n
        return task.weights.replace(changes)


def _packed(layers: list[Dense], weights: Weights) -> U8:
    rows = [weights[f'{layer.name}.weights'].reshape(-1) > 0 for layer in layers]
    return np.packbits(np.concatenate(rows))
