"""A class nobody trained the network on: its labels make the head grow, its gain is proved."""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.errors import UsageError
from edge_adapt.pipeline.contest import contest
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.ladder import Rung
from edge_adapt.pipeline.tools import Tools
from edge_adapt.pipeline.window import Window
from edge_adapt.updaters.cwr_star import CwrStar

N_LABELS = 64  # to learn from, of any class: the others must not be forgotten
N_OF_CLASS = 6  # of a new class, to learn from
N_TRIES = 3  # each with twice the labels of the one before
NAME = 'new_class'


@dataclass
class Growth:
    """Collects labelled frames since the first label of a new class, and learns the class."""

    window: Window
    label: int
    n_tries: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it has been tried often enough."""
        return self.n_tries >= N_TRIES

    def is_due(self, tools: Tools) -> bool:
        """Whether there are labels to learn from and to judge by, of this class too."""
        n_training, n_guard = self.window.n_labels
        n_own = int((self.window.training.labels == self.label).sum()) if n_training else 0
        n_times = 2**self.n_tries
        return (
            n_training >= n_times * N_LABELS
            and n_guard >= tools.gate.min_labels
            and n_own >= n_times * N_OF_CLASS
        )

    def learn(self, tools: Tools, class_names: tuple[str, ...]) -> Decision:
        """Learn the class by CWR*, which keeps what the head knows, and promote proven gains."""
        self.n_tries += 1
        started = tools.recorder.start()
        rung = Rung(NAME, ((NAME, CwrStar(seed=tools.settings.seed)),), n_labels=N_LABELS)
        window = self.window.training, self.window.guard
        try:
            tools.check_hour()
            best = contest(
                *(rung, tools.objective, tools.model, (tools.weights,)),
                *(window, tools.gate, tools.limits),
            )
        except UsageError as error:
            return tools.decided(NAME, started, str(error))
        reason = f'{class_names[self.label]}: {best.verdict.reason}'
        accepted = best.verdict.accepted
        decision = tools.decided(NAME, started, reason, best.candidate, accepted, best.verdict)
        if not accepted:
            return decision
        self.n_tries = N_TRIES
        return tools.promote(decision, best.candidate)
