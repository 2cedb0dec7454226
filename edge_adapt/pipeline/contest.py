"""A rung at work: its updaters compete on the same frames, and the best is proved by the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import widened
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.gate import Gate, Verdict
from edge_adapt.pipeline.ladder import Rung
from edge_adapt.pipeline.limits import Limits
from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Objective, Updater


@dataclass(frozen=True, slots=True)
class Entrant:
    """A candidate, who made it, and the gate's verdict on it against what runs."""

    name: str
    candidate: Weights
    verdict: Verdict


def contest(
    rung: Rung,
    objective: Objective,
    model: Model,
    rivals: Sequence[Weights],
    window: tuple[Samples, Samples],
    gate: Gate,
    limits: Limits,
) -> Entrant:
    """
    Return the best candidate of a rung; `window` is what to learn from, and the guard.

    A candidate must beat all rivals; the first are the weights that run. Learning begins at
    them, with empty rows for classes they do not know yet.

    Updaters are asked in order, the cheapest first. A later one wins only where it is accepted
    too and leads by the gate's margin: a dearer or wilder remedy must be worth it.
    """
    (training, guard), weights = window, rivals[0]
    start = widened(model.network, weights, objective.network.class_names)
    best: Entrant | None = None
    for name, updater in rung.updaters:
        try:
            candidate = improved(objective, start, updater, training, rung.max_evaluations)
            limits.check(model, weights, candidate)
            verdict = _judged(gate, objective, rivals, candidate, guard)
        except UsageError as error:
            candidate, verdict = weights, Verdict.refusal(str(error), len(guard))
        entrant = Entrant(name, candidate, verdict)
        if best is None or _beats(entrant, best, gate):
            best = entrant
    assert best is not None  # a rung that learns has updaters
    return best


def _judged(
    gate: Gate,
    objective: Objective,
    rivals: Sequence[Weights],
    candidate: Weights,
    guard: Samples,
) -> Verdict:
    """Return the verdict against the first rival, or the first that refuses the candidate."""
    verdict = gate.judge(objective, rivals[0], candidate, guard)
    for rival in rivals[1:]:
        if verdict.accepted and rival.version != candidate.version:
            other = gate.judge(objective, rival, candidate, guard)
            verdict = verdict if other.accepted else other
    return verdict


def improved(
    objective: Objective,
    weights: Weights,
    updater: Updater,
    samples: Samples,
    max_evaluations: int,
) -> Weights:
    """Return the best weights the updater finds within the budget."""
    limit = objective.n_evaluations + max_evaluations
    best = weights
    for better in updater.improve(objective, weights, samples):
        best = better
        if objective.n_evaluations >= limit:
            break
    return best


def _beats(challenger: Entrant, best: Entrant, gate: Gate) -> bool:
    mine, other = challenger.verdict, best.verdict
    if not mine.accepted or challenger.candidate.version == best.candidate.version:
        return False
    return not other.accepted or gate.leads(mine, other)
