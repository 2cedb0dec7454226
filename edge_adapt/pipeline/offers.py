"""Weights that somebody else made: judged on this robot's own frames like any other candidate."""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.drift import Signature
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.decisions import Decision, OFFER
from edge_adapt.pipeline.gate import Verdict
from edge_adapt.pipeline.health import health
from edge_adapt.pipeline.history import Calm, ENOUGH
from edge_adapt.pipeline.tools import Tools
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Weights

N_FRAMES = 96  # seen after it came, so that nobody could have made it for them


@dataclass(frozen=True, slots=True)
class Offer:
    """An update from outside that passed the door: its weights, its maker, the frames since."""

    weights: Weights
    maker: str
    fresh: Window

    @property
    def is_due(self) -> bool:
        """Whether enough frames were seen to judge by."""
        return len(self.fresh) >= N_FRAMES

    def consider(self, tools: Tools, calm: Calm | None) -> Decision:
        """
        Judge it, and promote it on trial if it proved a gain here.

        `calm` is what the stream was like before a drift; None where there is none.
        """
        started = tools.recorder.start()
        try:
            tools.check_hour()
            candidate = _without_claims(self.weights, tools.weights)
            tools.limits.check(tools.model, tools.weights, candidate)
            verdict = self._judged(candidate, tools, calm)
        except UsageError as error:
            candidate, verdict = self.weights, Verdict.refusal(str(error))
        reason = f'from {self.maker}: {verdict.reason}'
        decision = tools.decided(OFFER, started, reason, candidate, verdict.accepted, verdict)
        return tools.promote(decision, candidate) if verdict.accepted else decision

    def _judged(self, candidate: Weights, tools: Tools, calm: Calm | None) -> Verdict:
        """
        Return the gate's verdict on all frames since: none was learned from.

        An offered network that spreads its answers over all classes proves nothing, so the
        mixture is that of before a drift, or what the answers of what runs tell. Raises
        UsageError where there is nothing to judge by.
        """
        samples, gate = self.fresh.samples, tools.gate
        if len(samples.labelled) < gate.min_labels:
            if calm is None:
                found = health(tools.objective, tools.weights, samples.images)
                calm = Calm(found.n_classes_seen, found.mean_entropy)
            gate = gate.after(calm)
            n_classes = tools.objective.network.head.n_classes
            n_needed = gate.n_classes_needed(n_classes, ENOUGH)
            if calm.n_classes < n_needed:
                raise UsageError(
                    f'the stream shows {calm.n_classes:.1f} classes, to judge without labels'
                    f' {n_needed:.1f} are needed'
                )
        return gate.judge(tools.objective, tools.weights, candidate, samples)


def _without_claims(weights: Weights, incumbent: Weights) -> Weights:
    """Return offered weights with the signature of what runs: here is here, whoever made them."""
    others = {name: a for name, a in weights.items() if not name.startswith('domain.')}
    signature = Signature.in_weights(incumbent)
    return Weights({**others, **(signature.tensors() if signature is not None else {})})
