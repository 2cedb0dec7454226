"""One drift, from its alarm to the end of the ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_adapt.errors import UsageError
from edge_adapt.pipeline.contest import contest
from edge_adapt.pipeline.decisions import Decision, DOMAIN, ROLLBACK
from edge_adapt.pipeline.history import Calm, ENOUGH
from edge_adapt.pipeline.ladder import LOOK_UP, Rung
from edge_adapt.pipeline.tools import Tools
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Detection, Samples, Weights
import numpy as np

_LONG = 100  # frames without quiet: half of what a detector waits before it alarms again


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
    is_return: bool = False  # whether weights of a known domain were taken again
    is_clean: bool = False  # whether they look like the world the network was trained for
    is_over: bool = False
    told_of_limit: bool = False

    def climb(self, rungs: Sequence[Rung], tools: Tools) -> Decision | None:
        """Try the next rung that has its frames and labels."""
        if self.is_return:
            self.is_over = True
            return None
        rung = next((r for r in rungs if r not in self.tried and self._is_ready(r, tools)), None)
        if rung is None:
            self.is_over = len(self.tried) >= len(rungs)
            if any(tried.updaters for tried in self.tried) and not self.is_settled:
                if not self.is_clean:
                    return self._settle(tools)
                self.is_home = self.is_over  # nothing to gain, in a world that looks clean
            return None
        if rung.updaters and tools.is_hour_full:
            return self._wait_for_the_hour(rung, tools)
        self.tried += (rung,)
        return self._learn(rung, tools) if rung.updaters else self._look_up(tools)

    def goes_on(self, rungs: Sequence[Rung], detection: Detection) -> bool:
        """
        Whether a detection is of the change that this episode is still about.

        One that nothing was done about alarms again and again. Frames are only given up for a new
        one: that which was quiet a while, or came when all that frames alone can do was tried.
        """
        left = [r for r in rungs if r not in self.tried and not r.n_labels]
        return bool(left) and not self.is_settled and detection.n_frames_suspected >= _LONG

    def _look_up(self, tools: Tools) -> Decision:
        """See whether the new frames belong to a domain that is known already."""
        started = tools.recorder.start()
        known = tools.domains.nearest(self.window.samples.images)
        if known is None:
            return tools.decided(LOOK_UP, started, 'the frames are of no known domain')
        if known.version == tools.weights.version:
            # A few frames of one scene do not tell a domain well. Where the detector sees a change
            # all the same, the next rungs look closer, and have to prove a gain.
            self.is_as_told = True
            self.is_clean = known.version == tools.model.weights.version
            return tools.decided(LOOK_UP, started, 'the domain is the active one: no change')
        self.is_return, self.is_home = True, tools.domains.is_home(known)
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

    def end_trial(self, tools: Tools) -> Decision:
        """
        Confirm what runs or roll it back; after a false return the other rungs have their turn.

        What was proved without labels must be so with the fresh frames besides, to see luck. Of a
        known domain only this much is asked: that the answers are as sure as they were in calm.
        """
        gate, weights = tools.gate.after(self.calm), tools.weights

        def broken(fresh: Samples) -> str:
            if self.is_return:
                return gate.doubtful(tools.objective, weights, fresh.images)
            images = np.concatenate([self.window.guard.images, fresh.images])
            return gate.unproved(tools.objective, weights, images)

        if self.is_by_labels:
            decision = tools.in_use.end_trial(tools.gate)
        else:
            decision = tools.in_use.end_trial(gate, broken)
        if decision.rung == ROLLBACK:
            self.is_home = self.is_return = False
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
        n_classes = tools.objective.network.head.n_classes
        n_needed = tools.gate.n_classes_needed(n_classes, ENOUGH)
        if not rung.n_labels and self.calm.n_classes < n_needed:
            raise UsageError(
                f'the stream showed {self.calm.n_classes:.1f} classes before the change, without'
                f' labels {n_needed:.1f} are needed'
            )

    def _is_ready(self, rung: Rung, tools: Tools) -> bool:
        """Whether the rung's frames are there, and the labels to learn from and to judge by."""
        if len(self.window) < rung.n_frames:
            return False
        if not rung.n_labels:
            return True
        n_training, n_guard = self.window.n_labels
        return n_training >= rung.n_labels and n_guard >= tools.gate.min_labels
