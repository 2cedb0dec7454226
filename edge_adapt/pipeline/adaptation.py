"""
The learning path: from an alarm, up the ladder of ever dearer remedies, to proven weights.

    alarm -> known domain? -> recalibration without labels -> head with labels

Each rung waits until enough frames of the new domain are there, is tried on a candidate, judged on
frames it never learned from, promoted on trial, and confirmed or rolled back on fresh frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from edge_adapt.drift import Reference, Signature
from edge_adapt.engines import Engine
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.gate import Gate, Verdict
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Detection, Samples, U8, Weights
from edge_adapt.signals import gather_images
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.weight_store import WeightStore
from edge_adapt.updaters import Updater

LOOK_UP = 'bank'
TRIAL = 'trial'
ROLLBACK = 'rollback'
_TIMED = ('seconds', 'stamp_ns')  # not evidence: the same decision has the same papers


@dataclass(frozen=True, slots=True)
class Rung:
    """
    One step of the ladder: an updater, and what it waits for.

    `n_frames` counts all frames since the alarm, `n_labels` those with a label that may be
    learned from (the gate wants labels of its own besides); `max_evaluations` bounds the work.
    """

    name: str
    updater: Updater
    n_frames: int
    n_labels: int = 0
    max_evaluations: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Decision:
    """
    One line of the record: what was tried, on what, at what cost, and what became of it.

    `base` and `candidate` are versions; `before` and `after` are the judge's scores.
    """

    stamp_ns: int
    rung: str
    accepted: bool
    reason: str
    base: str
    candidate: str
    before: float = float('nan')
    after: float = float('nan')
    n_evaluations: int = 0
    n_bytes: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the policy; all counts are frames."""

    n_look_up: int = 16
    n_trial: int = 48
    guard_every: int = 3
    spacing: int = 1


@dataclass
class _Episode:
    """One drift, from its alarm to the end of the ladder."""

    detection: Detection
    rung: int = 0
    looked_up: bool = False
    settled: bool = False  # whether the weights carry the signature of the new domain


@dataclass(frozen=True, slots=True)
class _Trial:
    """A promotion on trial: what ran before it, and the frames since."""

    parent: Weights
    fresh: Window


class Adaptation:
    """
    Collects frames and labels, and turns a drift into better weights.

    Drive it with `on_frame`, `on_label` and `on_drift`, and call `step` whenever there is time:
    it does at most one piece of work and returns the decision taken, or None. After a decision
    `weights` is what inference should use. Nothing here knows a clock or a thread: the caller's
    `clock_ns` only measures how long a decision took.
    """

    def __init__(
        self,
        store: WeightStore,
        engine: Engine,
        reference: Reference,
        rungs: Sequence[Rung],
        gate: Gate,
        clock_ns: Callable[[], int],
        settings: Settings = Settings(),
    ) -> None:
        self.model = store.model
        self.frozen = False
        self.weights = store.running_weights()
        self._store = store
        self._objective = EngineObjective(engine, store.model)
        self._rungs, self.gate = tuple(rungs), gate
        self._clock_ns, self._settings = clock_ns, settings
        self._reference = reference
        self._window = self._new_window()
        self._episode: _Episode | None = None
        self._trial: _Trial | None = None

    @property
    def state(self) -> str:
        """One word for people: watching, collecting, on trial or frozen."""
        if self.frozen:
            return 'frozen'
        if self._trial is not None:
            return 'on trial'
        return 'watching' if self._episode is None else 'collecting'

    def on_frame(self, stamp_ns: int, image: U8) -> None:
        """Remember a network input (h, w, c) if it may be of use."""
        if self._episode is not None or self._trial is not None:
            self._window.add(stamp_ns, image)
        if self._trial is not None:
            self._trial.fresh.add(stamp_ns, image)

    def on_label(self, stamp_ns: int, label: int) -> None:
        """Remember the true class of a frame."""
        self._window.label(stamp_ns, label)
        if self._trial is not None:
            self._trial.fresh.label(stamp_ns, label)

    def on_drift(self, detection: Detection) -> None:
        """Begin an episode; one that is under way starts again, for its frames are of the past."""
        self._window = self._new_window()
        self._trial = None
        self._episode = _Episode(detection)

    def step(self) -> Decision | None:
        """Do the next piece of work if enough frames are there."""
        if self.frozen:
            return None
        if self._trial is not None and len(self._trial.fresh) >= self._settings.n_trial:
            return self._end_trial(self._trial)
        if self._episode is None or self._trial is not None:
            return None
        if not self._episode.looked_up:
            ready = len(self._window) >= self._settings.n_look_up
            return self._look_up(self._episode) if ready else None
        return self._climb(self._episode)

    def roll_back(self, reason: str) -> Decision:
        """
        Return to the version before this one, by order of a person or of the trial.

        Raises UsageError where there is none.
        """
        started = self._start()
        parent = self._store.get(self._store.roll_back(reason))
        decision = self._decision(ROLLBACK, started, reason, parent, accepted=True)
        self.weights, self._trial, self._episode = parent, None, None
        return decision

    def update(self, created_ns: int) -> WeightUpdate:
        """Return the weights in use as an update of the model, numbered by the store's changes."""
        return WeightUpdate.between(
            self.model,
            self.weights,
            self._store.state.number + 1,
            created_ns,
            producer='adaptation',
        )

    def _new_window(self) -> Window:
        return Window(guard_every=self._settings.guard_every, spacing=self._settings.spacing)

    def _look_up(self, episode: _Episode) -> Decision:
        """See whether the new frames belong to a domain that is known already."""
        episode.looked_up = True
        started = self._start()
        known = self._nearest(self._window.samples.images)
        if known is None:
            return self._decision(LOOK_UP, started, 'the frames are of no known domain')
        self._episode = None
        if known.version == self.weights.version:
            return self._decision(LOOK_UP, started, 'the domain is the active one: no change')
        decision = self._decision(LOOK_UP, started, 'back in a known domain', known, accepted=True)
        return self._promote(decision, known)

    def _nearest(self, images: U8) -> Weights | None:
        """Return the weights of the known domain that images (n, h, w, c) come from."""
        signatures = {}
        for version in self._store.banks():  # the latest first: it wins where two are as near
            signature = Signature.in_weights(self._store.get(version))
            if signature is not None:
                signatures[version] = signature
        signatures[self.model.weights.version] = self._reference.signature
        found = self._reference.nearest(signatures, gather_images(images))
        return None if found is None else self._store.get(found)

    def _climb(self, episode: _Episode) -> Decision | None:
        """Try the next rung if its frames and labels are there."""
        if episode.rung and not episode.settled:
            return self._settle(episode)
        if episode.rung == len(self._rungs):
            self._episode = None
            return None
        rung = self._rungs[episode.rung]
        if not self._is_ready(rung):
            return None
        episode.rung += 1
        started = self._start()
        try:
            candidate = self._improve(rung, self._window.training)
            verdict = self.gate.judge(self._objective, self.weights, candidate, self._window.guard)
        except UsageError as error:
            return self._decision(rung.name, started, str(error))
        if not episode.settled:
            candidate = self._signed(candidate)
        decision = self._decision(
            rung.name, started, verdict.reason, candidate, verdict.accepted, verdict
        )
        if not verdict.accepted:
            return decision
        episode.settled = True
        return self._promote(self._kept(decision, candidate), candidate)

    def _settle(self, episode: _Episode) -> Decision:
        """Keep the weights, but take the new domain for normal: its alarm is not repeated."""
        episode.settled = True
        started = self._start()
        candidate = self._signed(self.weights)
        decision = self._decision(
            'domain', started, 'nothing gained: kept, and known from now on', candidate, True
        )
        decision = self._promote(self._kept(decision, candidate), candidate)
        self._trial = None
        self._store.confirm(decision.reason)
        return decision

    def _signed(self, weights: Weights) -> Weights:
        """Return the weights with the signature of the window's domain."""
        return weights.replace(Signature.of_images(self._window.samples.images).tensors())

    def _is_ready(self, rung: Rung) -> bool:
        """Whether the rung's frames are there, and the labels to learn from and to judge by."""
        if len(self._window) < rung.n_frames:
            return False
        n_training, n_guard = self._window.n_labels
        return not rung.n_labels or (
            n_training >= rung.n_labels and n_guard >= self.gate.min_labels
        )

    def _improve(self, rung: Rung, samples: Samples) -> Weights:
        """Return the best weights the updater finds within the rung's budget."""
        limit = self._objective.n_evaluations + rung.max_evaluations
        best = self.weights
        for better in rung.updater.improve(self._objective, self.weights, samples):
            best = better
            if self._objective.n_evaluations >= limit:
                break
        return best

    def _promote(self, decision: Decision, weights: Weights) -> Decision:
        """Use `weights`, which the store has, on trial."""
        self._store.promote(weights.version, decision.reason)
        self._trial = _Trial(self.weights, self._new_window())
        self.weights = weights
        return decision

    def _kept(self, decision: Decision, candidate: Weights) -> Decision:
        """Put the candidate into the store, with its papers."""
        evidence = {
            name: value for name, value in decision.to_dict().items() if name not in _TIMED
        }
        update = WeightUpdate.between(
            self.model,
            candidate,
            self._store.next_sequence,
            decision.stamp_ns,
            producer='adaptation',
            evidence=evidence,
        )
        self._store.put(update)
        return replace(decision, n_bytes=sum(array.nbytes for array in update.arrays.values()))

    def _end_trial(self, trial: _Trial) -> Decision:
        """Confirm what runs, or roll back where the parent is better on frames both never saw."""
        self._trial = None
        started = self._start()
        verdict = self.gate.judge(self._objective, self.weights, trial.parent, trial.fresh.samples)
        if verdict.accepted:
            return self.roll_back(f'on trial the version before was better: {verdict.reason}')
        self._store.confirm('as good on trial as when it was judged')
        return self._decision(TRIAL, started, 'confirmed', self.weights, True, verdict)

    def _start(self) -> tuple[int, int]:
        return self._clock_ns(), self._objective.n_evaluations

    def _decision(
        self,
        rung: str,
        started: tuple[int, int],
        reason: str,
        candidate: Weights | None = None,
        accepted: bool = False,
        verdict: Verdict | None = None,
    ) -> Decision:
        started_ns, n_before = started
        return Decision(
            stamp_ns=self._window.stamps_ns[-1] if len(self._window) else 0,
            rung=rung,
            accepted=accepted,
            reason=reason,
            base=self.weights.version,
            candidate=(candidate or self.weights).version,
            before=verdict.before if verdict else float('nan'),
            after=verdict.after if verdict else float('nan'),
            n_evaluations=self._objective.n_evaluations - n_before,
            seconds=(self._clock_ns() - started_ns) / 1e9,
        )
