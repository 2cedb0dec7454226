"""An updater that keeps nothing from one call to the next."""

from __future__ import annotations

from edge_adapt.updaters import State


class Stateless:
    """What is improved follows from the arguments alone."""

    def state(self) -> State:
        """Return nothing: there is nothing to know."""
        return {}

    def restore(self, state: State) -> None:
        """Change nothing."""
