"""What every piece of work on the learning path needs: the judge, the record, what runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.decisions import Decision, Recorder, Started
from edge_adapt.pipeline.domains import Domains
from edge_adapt.pipeline.gate import Gate, Verdict
from edge_adapt.pipeline.limits import Limits, Tally
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.pipeline.probation import Probation
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Weights


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the policy; counts are frames, but for `max_new_classes`, taken in by labels."""

    n_trial: int = 48
    guard_every: int = 3
    spacing: int = 1
    max_new_classes: int = 0
    seed: int = 0


@dataclass
class Tools:
    """One learning path's; `gate` and `limits` may be exchanged while it works."""

    model: Model
    objective: EngineObjective
    recorder: Recorder
    in_use: Probation
    domains: Domains
    gate: Gate
    limits: Limits
    settings: Settings
    tally: Tally = field(default_factory=Tally)

    @property
    def weights(self) -> Weights:
        """Return what runs."""
        return self.in_use.weights

    def new_window(self) -> Window:
        """Return an empty window."""
        return Window(guard_every=self.settings.guard_every, spacing=self.settings.spacing)

    @property
    def is_hour_full(self) -> bool:
        """Whether no more may be promoted now."""
        return self.tally.is_full(self.recorder.now_ns, self.limits.max_updates_per_hour)

    def check_hour(self) -> None:
        """Raise UsageError where no more may be promoted now."""
        if self.is_hour_full:
            n = self.limits.max_updates_per_hour
            raise UsageError(f'no more than {n} updates an hour are allowed')

    def decided(
        self,
        rung: str,
        started: Started,
        reason: str,
        candidate: Weights | None = None,
        accepted: bool = False,
        verdict: Verdict | None = None,
    ) -> Decision:
        """Return a decision about what runs."""
        return self.recorder.decision(
            rung, started, reason, self.weights, candidate, accepted, verdict
        )

    def promote(self, decision: Decision, candidate: Weights) -> Decision:
        """Keep newly learned weights and use them, on trial."""
        decision = self.domains.keep(candidate, decision)
        self.in_use.promote(decision, candidate, self.new_window())
        self.tally.add(self.recorder.now_ns)
        return decision
