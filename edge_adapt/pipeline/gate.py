"""The gate: a candidate is promoted on proof of gain over the incumbent, and on nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

from edge_adapt.pipeline.health import Health, health
from edge_adapt.pipeline.history import Calm
from edge_adapt.pipeline.likeness import likeness, standardized
from edge_adapt.records import Array, Samples, U8, Weights
from edge_adapt.updaters import Objective
import numpy as np


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What the gate says: accepted or not, and why, in a sentence.

    `signal` is 'accuracy' (0..1) where the guard had labels, else 'information' (nats).
    """

    accepted: bool
    reason: str
    signal: str
    before: float
    after: float
    n_frames: int

    @staticmethod
    def refusal(reason: str, n_frames: int = 0) -> Verdict:
        """Return the verdict on what could not be judged."""
        return Verdict(False, reason, '', float('nan'), float('nan'), n_frames)


@dataclass(frozen=True, slots=True)
class Gate:
    """
    Judges on a held-out guard that no updater has seen.

    With `min_labels` labels the guard counts hits: the gain must be `min_gain` of accuracy and
    `confidence` standard errors of the frames on which the two disagree. With fewer it goes by
    the health of the answers: the information must rise by `min_rise_nats`, the firing rates must
    come nearer to the clean ones. Labels too few to prove a gain may still forbid: `veto_labels`
    are enough to show a loss, or a guard that is poor in classes. A guard in which both networks
    see fewer than `min_class_share` of the classes that as many frames of an even mixture would
    show is refused: there is nothing to judge by. Of
    two accepted candidates the dearer must lead by `min_gain`, or by `min_lead_nats`.

    On frames of one single class a network that was recalibrated on them spreads its answers over
    all classes. Two things give it away, and without labels both must be in order: its doubt, for
    the mean entropy may be above that of the calm world by `max_doubt` of ln(n_classes) at most,
    and the correlations of its features, of which `min_likeness` of the calm world's must be
    there (likeness.py).
    """

    min_labels: int = 32
    veto_labels: int = 8
    min_gain: float = 0.01
    confidence: float = 1.0
    min_rise_nats: float = 0.05
    min_class_share: float = 0.5
    min_lead_nats: float = 0.02
    max_doubt: float = 0.11
    min_likeness: float = 0.65
    calm: Calm | None = None

    def after(self, calm: Calm) -> Gate:
        """Return the gate that knows what the stream was like before a change."""
        return replace(self, calm=calm)

    def leads(self, challenger: Verdict, best: Verdict) -> bool:
        """Return whether one accepted candidate is better than another by a margin."""
        margin = self.min_gain if challenger.signal == 'accuracy' else self.min_lead_nats
        return challenger.after - best.after >= margin

    def judge(
        self, objective: Objective, incumbent: Weights, candidate: Weights, guard: Samples
    ) -> Verdict:
        """Return the verdict; costs two evaluations a frame, or three where labels are few."""
        if incumbent.version == candidate.version:
            return Verdict.refusal('nothing changed', len(guard))
        known = guard.labelled
        if len(known) >= self.min_labels:
            return self._by_labels(objective, incumbent, candidate, known)
        if not len(guard):
            return Verdict.refusal('the guard is empty')
        verdict = self._by_health(
            health(objective, incumbent, guard.images),
            health(objective, candidate, guard.images),
            objective.network.head.n_classes,
            len(guard),
        )
        if not verdict.accepted:
            return verdict
        veto = self._unlike_calm(objective, candidate, guard.images)
        if not veto and len(known) >= self.veto_labels:
            veto = self._veto(objective, incumbent, candidate, known)
        return replace(verdict, accepted=False, reason=veto) if veto else verdict

    def _by_labels(
        self, objective: Objective, incumbent: Weights, candidate: Weights, known: Samples
    ) -> Verdict:
        """Judge by hits: paired, frame by frame."""
        hits = _hits(objective, incumbent, candidate, known)
        before, after = (float(hit.mean()) for hit in hits)
        error = self.confidence * _standard_error(hits)
        needed = max(self.min_gain, error)
        if reason := self._poor_in_classes(objective, known):
            accepted = False
        else:
            accepted = after - before >= needed
            reason = (
                f'accuracy {before:.3f} -> {after:.3f} on {len(known)} labelled frames, '
                f'a gain of {needed:.3f} is needed'
            )
        return Verdict(accepted, reason, 'accuracy', before, after, len(known))

    def _veto(
        self, objective: Objective, incumbent: Weights, candidate: Weights, known: Samples
    ) -> str:
        """Return why a few labels forbid the candidate; '' where they do not."""
        if reason := self._poor_in_classes(objective, known):
            return reason
        hits = _hits(objective, incumbent, candidate, known)
        before, after = (float(hit.mean()) for hit in hits)
        if before - after > self.confidence * _standard_error(hits):
            return f'accuracy {before:.3f} -> {after:.3f} on the {len(known)} labelled frames'
        return ''

    def unproved(self, objective: Objective, candidate: Weights, images: U8) -> str:
        """Return why answers on images without labels are not to be trusted; '' if they are."""
        doubt = self.doubtful(objective, candidate, images)
        return doubt or self._unlike_calm(objective, candidate, images)

    def doubtful(self, objective: Objective, weights: Weights, images: U8) -> str:
        """Return how unsure answers on images without labels are; '' where sure enough."""
        found = health(objective, weights, images).mean_entropy
        most = self._most_doubt(objective.network.head.n_classes)
        return f'doubt {found:.2f} of {most:.2f}, on {len(images)} frames' if found > most else ''

    def _most_doubt(self, n_classes: int) -> float:
        calm = math.inf if self.calm is None else self.calm.mean_entropy
        return calm + self.max_doubt * math.log(n_classes)

    def _unlike_calm(self, objective: Objective, candidate: Weights, images: U8) -> str:
        """Return why frames are not the mixture they were; '' where they are, or nobody knows."""
        if self.calm is None or not len(self.calm.features):
            return ''
        kept = likeness(self.calm.features, standardized(objective, candidate, images))
        if kept >= self.min_likeness:
            return ''
        return (
            f'features vary together as before the change by {kept:.2f}, needed are'
            f' {self.min_likeness:.2f}: too few classes, or not what the network knows'
        )

    def _poor_in_classes(self, objective: Objective, known: Samples) -> str:
        n_needed = self.n_classes_needed(objective.network.head.n_classes, len(known))
        n_needed = min(math.ceil(n_needed), len(known) // 4)
        n_classes = len(np.unique(known.labels))
        if n_classes >= n_needed:
            return ''
        return f'the guard has labels of {n_classes} classes, needed are {n_needed}'

    def _by_health(self, before: Health, after: Health, n_classes: int, n_frames: int) -> Verdict:
        """Judge without labels."""
        n_needed = self.n_classes_needed(n_classes, n_frames)
        rise = after.information - before.information
        n_seen = max(before.n_classes_seen, after.n_classes_seen)
        if n_seen < n_needed:
            accepted = False
            reason = (
                f'both networks see {n_seen:.1f} classes in the guard, needed are {n_needed:.1f}'
            )
        else:
            most = self._most_doubt(n_classes)
            accepted = rise >= self.min_rise_nats and after.rate_gap < before.rate_gap
            accepted = accepted and after.mean_entropy <= most
            reason = (
                f'information {before.information:.2f} -> {after.information:.2f} nats, firing '
                f'rates {before.rate_gap:.3f} -> {after.rate_gap:.3f} from clean, doubt '
                f'{after.mean_entropy:.2f} of {most:.2f}, on {n_frames} frames without labels'
            )
        return Verdict(
            accepted, reason, 'information', before.information, after.information, n_frames
        )

    def n_classes_needed(self, n_classes: int, n_frames: int) -> float:
        """Return `min_class_share` of the k (1 - (1 - 1/k)^n) classes in n frames of k evenly."""
        return max(2.0, self.min_class_share * n_classes * (1 - (1 - 1 / n_classes) ** n_frames))


def _hits(
    objective: Objective, incumbent: Weights, candidate: Weights, known: Samples
) -> list[Array]:
    """Return where the incumbent is right, and where the candidate is."""
    return [
        objective.logits(weights, known.images).argmax(axis=1) == known.labels
        for weights in (incumbent, candidate)
    ]


def _standard_error(hits: list[Array]) -> float:
    """Return that of the difference of two accuracies on the same frames."""
    return float(np.sqrt(np.sum(hits[0] != hits[1]))) / len(hits[0])
