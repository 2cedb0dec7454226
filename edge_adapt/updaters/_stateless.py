"""An updater that keeps nothing from one call to the next."""

from __future__ import annotations

from edge_adapt.networks.network import Network
from edge_adapt.updaters import State


class Stateless:
    """What is improved follows from the arguments alone."""

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return 0: what is read of the samples is summed up part by part."""
        return 0

    def state(self) -> State:
        """Return nothing: there is nothing to know."""
        return {}

    def restore(self, state: State) -> None:
        """Change nothing."""
