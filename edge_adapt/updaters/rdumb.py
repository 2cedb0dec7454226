"""
Forget everything at fixed intervals, for comparison.

RDumb (Press et al., NeurIPS 2023, arXiv:2306.05401): adapt by Tent with the filters of EATA, and
go back to the trained weights whenever n_frames frames have been learned from. Over long streams
it beats most of what adapts without end.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_adapt.networks.network import Network
from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Objective, State
from edge_adapt.updaters.tent import Tent
import numpy as np


class Rdumb:
    """Tent with EATA's filters, from the trained weights again after every n_frames frames."""

    def __init__(self, seed: int = 1, n_frames: int = 1000, n_steps: int = 16) -> None:
        self._inner = Tent(seed, n_steps=n_steps, filtered=True)
        self._n_frames, self._n_seen = n_frames, 0

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """Yield ever surer weights, or the trained ones where it is time to forget."""
        if self._n_seen >= self._n_frames:
            self._n_seen = 0
            weights = objective.base
        try:
            yield from self._inner.improve(objective, weights, samples)
        finally:
            self._n_seen += len(samples)

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return what Tent keeps."""
        return self._inner.planned_bytes(network, n_samples)

    def state(self) -> State:
        return {**self._inner.state(), 'n_seen': np.asarray(self._n_seen)}

    def restore(self, state: State) -> None:
        inner = {name: array for name, array in state.items() if name != 'n_seen'}
        self._inner.restore(inner)
        self._n_seen = int(state['n_seen'])
