"""What the baselines without a gate share: a network, what it costs to ask, and the record."""

from __future__ import annotations

from collections.abc import Callable

from edge_adapt import registry
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.assembly import Get
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Detection, Weights


class Rule:
    """A rule that takes what its updater gives; alarms mean nothing to it."""

    def __init__(self, get: Get, clock_ns: Callable[[], int]) -> None:
        model = Model.load(get('model'))
        self.objective = EngineObjective(registry.load('engines', get('engine'))(), model)
        self.weights = model.weights
        self._clock_ns = clock_ns

    def on_drift(self, detection: Detection) -> None:
        """Go on as before."""

    def on_label(self, stamp_ns: int, label: int) -> None:
        """Go on as before."""

    def taken(
        self, name: str, reason: str, stamp_ns: int, improve: Callable[[], Weights]
    ) -> Decision:
        """Use the weights that `improve` returns, and return the record of it."""
        started_ns, n_before, base = self._clock_ns(), self.objective.n_evaluations, self.weights
        self.weights = improve()
        changed = sum(
            array.nbytes for key, array in self.weights.items() if base.get(key) is not array
        )
        return Decision(
            stamp_ns=stamp_ns,
            rung=name,
            accepted=True,
            reason=reason,
            base=base.version,
            candidate=self.weights.version,
            n_evaluations=self.objective.n_evaluations - n_before,
            n_bytes=changed,
            seconds=(self._clock_ns() - started_ns) / 1e9,
        )
