"""Change nothing: the updater every other one is compared with."""

from __future__ import annotations

from collections.abc import Iterator

from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._stateless import Stateless


class Frozen(Stateless):
    """Yields the weights it was given, once."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        yield weights
