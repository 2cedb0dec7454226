"""The weights in use: on trial first, judged again on fresh frames, kept or rolled back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge_adapt.pipeline.decisions import Decision, Recorder, ROLLBACK, TRIAL
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Samples, Weights
from edge_adapt.store.weight_store import WeightStore
from edge_adapt.updaters import Objective

Doubt = Callable[[Samples], str]  # fresh frames -> why they break a promise, or ''


@dataclass(frozen=True, slots=True)
class Trial:
    """A promotion on trial: what ran before it, and the frames since."""

    parent: Weights
    fresh: Window


class Probation:
    """Holds what runs. A trial lasts `n_trial` frames that neither version ever saw."""

    def __init__(
        self, store: WeightStore, objective: Objective, recorder: Recorder, n_trial: int
    ) -> None:
        self._store, self._objective, self._recorder = store, objective, recorder
        self._n_trial = n_trial
        self.weights = store.running_weights()
        self.trial: Trial | None = None

    @property
    def is_due(self) -> bool:
        """Whether the trial has seen its frames."""
        return self.trial is not None and len(self.trial.fresh) >= self._n_trial

    def start_again(self, fresh: Window) -> None:
        """Let a trial begin anew: the frames so far are of another time."""
        if self.trial is not None:
            self.trial = replace(self.trial, fresh=fresh)

    def promote(self, decision: Decision, weights: Weights, fresh: Window) -> Decision:
        """Use `weights`, which the store has, on trial; what is confirmed needs none."""
        self._store.promote(weights.version, decision.reason)
        self.trial = Trial(self.weights, fresh) if self._store.state.trial else None
        self.weights = weights
        return decision

    def settle(self, reason: str) -> None:
        """End the trial at once: what runs stays."""
        if self._store.state.trial:
            self._store.confirm(reason)
        self.trial = None

    def end_trial(self, gate: Gate, broken: Doubt = lambda fresh: '') -> Decision:
        """
        Confirm what runs, or roll back where the parent is better on frames both never saw.

        What runs must hold what it promised, too: `broken` says of the fresh frames why it does
        not; '' where it does.
        """
        trial = self.trial
        assert trial is not None  # asked for only when due
        started = self._recorder.start()
        fresh = trial.fresh.samples
        verdict = gate.judge(self._objective, self.weights, trial.parent, fresh)
        if verdict.accepted:
            return self.roll_back(f'on trial the version before was better: {verdict.reason}')
        if len(fresh.labelled) < gate.min_labels and (reason := broken(fresh)):
            return self.roll_back(f'the proof did not hold on trial: {reason}')
        self.settle('as good on trial as when it was judged')
        return self._recorder.decision(
            TRIAL, started, 'confirmed', self.weights, self.weights, True, verdict
        )

    def roll_back(self, reason: str) -> Decision:
        """
        Return to the version before this one, by order of a person or of the trial.

        Raises UsageError where there is none.
        """
        started = self._recorder.start()
        parent = self._store.get(self._store.roll_back(reason))
        decision = self._recorder.decision(
            ROLLBACK, started, reason, self.weights, parent, accepted=True
        )
        self.weights, self.trial = parent, None
        return decision
