"""One drift, from its alarm to the end of the ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_adapt.errors import UsageError
from edge_adapt.pipeline.contest import contest
from edge_adapt.pipeline.decisions import Decision, DOMAIN
from edge_adapt.pipeline.history import Calm
from edge_adapt.pipeline.ladder import LOOK_UP, Rung
from edge_adapt.pipeline.tools import Tools
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Weights


@dataclass
class Episode:
    """
    Collects the frames since the alarm in `window`, and climbs.

    `calm` is what the stream was like before the change.
    """

    window: Window
    calm: Calm
    tried: tuple[Rung, ...] = ()
    is_settled: bool = False  # whether the weights carry the signature of the new domain
    is_home: bool = False  # whether the weights proved that they know the new domain
    is_by_labels: bool = False  # whether labels proved what was promoted last
    is_as_told: bool = False  # whether the frames have the signature of the weights that run
    is_over: bool = False
    told_of_limit: bool = False

    def climb(self, rungs: Sequence[Rung], tools: Tools) -> Decision | None:
        """Try the next rung that has its frames and labels."""
        rung = next((r for r in rungs if r not in self.tried and self._is_ready(r, tools)), None)
        if rung is None:
            if any(tried.updaters for tried in self.tried) and not self.is_settled:
                return self._settle(tools)
            self.is_over = len(self.tried) >= len(rungs)
            return None
        if rung.updaters and tools.is_hour_full:
            return self._wait_for_the_hour(rung, tools)
        self.tried += (rung,)
        return self._learn(rung, tools) if rung.updaters else self._look_up(tools)

    def _look_up(self, tools: Tools) -> Decision:
        """See whether the new frames belong to a domain that is known already."""
        started = tools.recorder.start()
        known = tools.domains.nearest(self.window.samples.images)
        if known is None:
            return tools.decided(LOOK_UP, started, 'the frames are of no known domain')
        if known.version == tools.weights.version:
            # A learned signature is coarse. Where the detector sees a change within it, the next
            # rungs look closer; the clean domain is known well, so there it was a false alarm.
            self.is_as_told = True
            self.is_over = self.is_home = known.version == tools.model.weights.version
            return tools.decided(LOOK_UP, started, 'the domain is the active one: no change')
        self.is_over, self.is_home = True, tools.domains.is_home(known)
        decision = tools.decided(LOOK_UP, started, 'back in a known domain', known, True)
        return tools.in_use.promote(decision, known, tools.new_window())

    def _learn(self, rung: Rung, tools: Tools) -> Decision:
        """Let the updaters of a rung compete, and promote the best if it proved a gain."""
        started = tools.recorder.start()
        window = self.window.training, self.window.guard
        try:
            self._check_mixture(rung, tools)
            best = contest(
                *(rung, tools.objective, tools.model, self._rivals(tools)),
                *(window, tools.gate.after(self.calm), tools.limits),
            )
        except UsageError as error:
            return tools.decided(rung.name, started, str(error))
        candidate, verdict = best.candidate, best.verdict
        if not self.is_settled:
            candidate = tools.domains.signed(candidate, self.window.samples.images)
        name = best.name if verdict.accepted else rung.name
        decision = tools.decided(
            name, started, verdict.reason, candidate, verdict.accepted, verdict
        )
        if not verdict.accepted:
            return decision
        decision = tools.promote(decision, candidate)
        self.is_settled = self.is_home = True
        self.is_by_labels = verdict.signal == 'accuracy'
        return decision

    def _rivals(self, tools: Tools) -> tuple[Weights, ...]:
        """
        Return what a candidate must beat: the weights that run, and perhaps the trained ones.

        What was proved in one domain is no proof in another: there the trained weights may be
        the better ones.
        """
        is_proved = self.is_home or self.is_as_told
        rivals = (tools.weights, tools.model.weights)
        return rivals[:1] if is_proved or rivals[0] == rivals[1] else rivals

    def _settle(self, tools: Tools) -> Decision:
        """
        Take the new domain for normal, so that its alarm is not repeated, without a gain.

        Weights that run stay where they are proved; elsewhere they must beat the trained ones.
        """
        started = tools.recorder.start()
        kept, *trained = self._rivals(tools)
        reason = 'nothing gained: kept, and known from now on'
        gate, guard = tools.gate.after(self.calm), self.window.guard
        if trained and not gate.judge(tools.objective, trained[0], kept, guard).accepted:
            [kept] = trained
            reason = 'nothing gained, nor by what ran: trained weights again, known from now on'
        candidate = tools.domains.signed(kept, self.window.samples.images)
        decision = tools.decided(DOMAIN, started, reason, candidate, True)
        decision = tools.domains.keep(candidate, decision)
        tools.in_use.promote(decision, candidate, tools.new_window())
        tools.in_use.settle(decision.reason)
        self.is_settled = True
        return decision

    def _wait_for_the_hour(self, rung: Rung, tools: Tools) -> Decision | None:
        """Say once an episode that the limit of updates is reached."""
        if self.told_of_limit:
            return None
        self.told_of_limit = True
        try:
            tools.check_hour()
        except UsageError as error:
            return tools.decided(rung.name, tools.recorder.start(), str(error))
        return None

    def _check_mixture(self, rung: Rung, tools: Tools) -> None:
        """Raise UsageError where a rung without labels would learn from too few classes."""
        n_needed = tools.gate.min_class_share * tools.objective.network.head.n_classes
        if not rung.n_labels and self.calm.n_classes < n_needed:
            raise UsageError(
                f'the stream showed {self.calm.n_classes:.1f} classes before the change, without'
                f' labels {n_needed:.1f} are needed'
            )

    def _is_ready(self, rung: Rung, tools: Tools) -> bool:
        """Whether the rung's frames are there, and the labels to learn from and to judge by."""
        if len(self.window) < rung.n_frames:
            return False
        n_training, n_guard = self.window.n_labels
        return not rung.n_labels or (
            n_training >= rung.n_labels and n_guard >= tools.gate.min_labels
        )
