"""
Updaters turn samples into better weights, by forward passes or by small exact rules.

An updater is a generator: each `next` is a bounded piece of work and gives the best weights so
far. The caller owns the clock and the budget: it stops asking. An updater never sees an engine;
whatever it wants to know of the network it asks the objective, which counts what was spent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from edge_adapt.networks.network import Network
from edge_adapt.records import Array, I32, I64, Samples, U8, Weights

State = Mapping[str, Array]  # a learner between two runs, or in the middle of one


class Objective(Protocol):
    """What an updater may ask. Images are network inputs (n, height, width, channels) uint8."""

    @property
    def network(self) -> Network:
        """Return the network whose weights are improved."""
        ...

    @property
    def base(self) -> Weights:
        """Return the trained weights, under which the statistics were recorded."""
        ...

    @property
    def statistics(self) -> Mapping[str, Array]:
        """Return what layers saw on clean data: '<threshold layer>.mean', '.deviation' ..."""
        ...

    @property
    def n_evaluations(self) -> int:
        """How many evaluations (one candidate on one sample) were spent so far."""
        ...

    def spend(self, n_evaluations: int) -> None:
        """Count evaluations that an updater made itself, on features it had asked for."""
        ...

    def logits(self, weights: Weights, images: U8) -> Array:
        """Return the sums of the head, (n, n_classes); costs n evaluations."""
        ...

    def value(self, weights: Weights, images: U8, layer: str) -> Array:
        """
        Return what layer `layer` reads: sums before a threshold, bits before the head.

        Costs n evaluations. Raises KeyError where there is no such layer.
        """
        ...

    def look(self, weights: Weights, images: U8, layer: str) -> tuple[Array, Array]:
        """Return both, logits and what layer `layer` reads, of one pass; costs n evaluations."""
        ...

    def score_heads(
        self, heads: Array, biases: I32, features: Array, labels: I64
    ) -> tuple[I64, I64]:
        """
        Evaluate a population of heads on cached features; costs population * n evaluations.

        heads (population, n_classes, n_features) int8, biases (population, n_classes) int32,
        features (n, n_features) +-1 int8, labels (n,). Returns per head the number of correct
        samples (ties go to the first class) and the summed margin, true logit - best other.
        """
        ...


class Updater(Protocol):
    """Improves weights on samples."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """
        Yield ever better weights until done or no longer asked; the input stays untouched.

        Raises UsageError, at the first `next`, where the samples cannot be learned from (no
        labels where labels are needed, one single class, ...).
        """
        ...

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return what is kept in the middle of a run on n_samples, beside samples and weights."""
        ...

    def state(self) -> State:
        """Return all that the learner knows, its random generator and a run under way included."""
        ...

    def restore(self, state: State) -> None:
        """
        Become the learner that gave `state`.

        Where a run was under way, `improve` with the same arguments goes on with it.
        """
        ...
