"""
The learning path: from an alarm, up the ladder of ever dearer remedies, to proven weights.

    alarm -> known domain? -> recalibration without labels -> head with labels

Each rung waits until enough frames of the new domain are there, is tried on a candidate, judged on
frames it never learned from, promoted on trial, and confirmed or rolled back on fresh frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from edge_adapt.drift import Reference
from edge_adapt.engines import Engine
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.domains import Domains, PRODUCER
from edge_adapt.pipeline.gate import Gate, Verdict
from edge_adapt.pipeline.history import History
from edge_adapt.pipeline.ladder import (
    Decision,
    DEFAULTS,
    DOMAIN,
    Episode,
    LOOK_UP,
    ROLLBACK,
    Rung,
    Settings,
    TRIAL,
    Trial,
)
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.pipeline.stamps import Stamps
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Detection, Samples, U8, Weights
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.weight_store import WeightStore


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
        settings: Settings = DEFAULTS,
    ) -> None:
        self.model = store.model
        self.frozen = False
        self.weights = store.running_weights()
        self.store = store
        self._objective = EngineObjective(engine, store.model)
        self.rungs, self.gate = tuple(rungs), gate
        self._clock_ns, self._settings = clock_ns, settings
        self._domains = Domains(store, reference)
        self._stamps = Stamps()
        self._window = self._new_window()
        self._history = History(settings.spacing)
        self._episode: Episode | None = None
        self._trial: Trial | None = None

    @property
    def state(self) -> str:
        """One word for people: watching, collecting, on trial or frozen."""
        if self.frozen:
            return 'frozen'
        if self._trial is not None:
            return 'on trial'
        return 'watching' if self._episode is None else 'collecting'

    def on_frame(self, stamp_ns: int, image: U8) -> None:
        """Remember a network input (h, w, c); where time jumped, forget those before."""
        if self._stamps.jumped(stamp_ns):
            self.forget()
        if self._episode is None or self._episode.settled:
            self._history.add(image)
        if self._episode is not None or self._trial is not None:
            self._window.add(stamp_ns, image)
        if self._trial is not None:
            self._trial.fresh.add(stamp_ns, image)

    def forget(self) -> None:
        """Drop what is under way: its frames are of another time. Drift alarms again."""
        self._window, self._episode = self._new_window(), None
        self._history = History(self._settings.spacing)
        if self._trial is not None:
            self._trial = replace(self._trial, fresh=self._new_window())

    def on_label(self, stamp_ns: int, label: int) -> None:
        """Remember the true class of a frame."""
        self._window.label(stamp_ns, label)
        if self._trial is not None:
            self._trial.fresh.label(stamp_ns, label)

    def on_drift(self, detection: Detection) -> None:
        """Begin an episode; one that is under way starts again, for its frames are of the past."""
        self._window = self._new_window()
        self._trial = None
        n_classes = self._history.close(
            self._objective, self.weights, detection.n_frames_suspected
        )
        self._episode = Episode(detection, n_classes)

    def step(self) -> Decision | None:
        """
        Do the next piece of work if enough frames are there.

        Raises UsageError where the store refuses (a full disk): the same work is then done again.
        """
        episode, trial = self._episode and replace(self._episode), self._trial
        try:
            return None if self.frozen else self._work()
        except UsageError:
            self._episode, self._trial = episode, trial
            raise

    def _work(self) -> Decision | None:
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
        parent = self.store.get(self.store.roll_back(reason))
        decision = self._decision(ROLLBACK, started, reason, parent, accepted=True)
        self.weights, self._trial, self._episode = parent, None, None
        return decision

    def update(self, created_ns: int) -> WeightUpdate:
        """Return the weights in use as an update of the model, numbered by the store's changes."""
        return WeightUpdate.between(
            self.model,
            self.weights,
            self.store.state.number + 1,
            created_ns,
            producer=PRODUCER,
        )

    def _new_window(self) -> Window:
        return Window(guard_every=self._settings.guard_every, spacing=self._settings.spacing)

    def _look_up(self, episode: Episode) -> Decision:
        """See whether the new frames belong to a domain that is known already."""
        episode.looked_up = True
        started = self._start()
        known = self._domains.nearest(self._window.samples.images)
        if known is None:
            return self._decision(LOOK_UP, started, 'the frames are of no known domain')
        self._episode = None
        if known.version == self.weights.version:
            return self._decision(LOOK_UP, started, 'the domain is the active one: no change')
        decision = self._decision(LOOK_UP, started, 'back in a known domain', known, accepted=True)
        return self._promote(decision, known)

    def _climb(self, episode: Episode) -> Decision | None:
        """Try the next rung if its frames and labels are there."""
        if episode.rung and not episode.settled:
            return self._settle(episode)
        if episode.rung == len(self.rungs):
            self._episode = None
            return None
        rung = self.rungs[episode.rung]
        if not self._is_ready(rung):
            return None
        episode.rung += 1
        started = self._start()
        try:
            self._check_mixture(rung, episode)
            candidate = self._improve(rung, self._window.training)
            verdict = self.gate.judge(self._objective, self.weights, candidate, self._window.guard)
        except UsageError as error:
            return self._decision(rung.name, started, str(error))
        if not episode.settled:
            candidate = self._domains.signed(candidate, self._window.samples.images)
        decision = self._decision(
            rung.name, started, verdict.reason, candidate, verdict.accepted, verdict
        )
        if not verdict.accepted:
            return decision
        episode.settled = True
        return self._promote(self._kept(decision, candidate), candidate)

    def _settle(self, episode: Episode) -> Decision:
        """Keep the weights, but take the new domain for normal: its alarm is not repeated."""
        episode.settled = True
        started = self._start()
        candidate = self._domains.signed(self.weights, self._window.samples.images)
        decision = self._decision(
            DOMAIN, started, 'nothing gained: kept, and known from now on', candidate, True
        )
        decision = self._promote(self._kept(decision, candidate), candidate)
        self._trial = None
        self.store.confirm(decision.reason)
        return decision

    def _check_mixture(self, rung: Rung, episode: Episode) -> None:
        """Raise UsageError where a rung without labels would learn from too few classes."""
        n_needed = self.gate.min_class_share * self.model.network.head.n_classes
        if not rung.n_labels and episode.n_classes < n_needed:
            raise UsageError(
                f'the stream showed {episode.n_classes:.1f} classes before the change, without'
                f' labels {n_needed:.1f} are needed'
            )

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
        self.store.promote(weights.version, decision.reason)
        self._trial = Trial(self.weights, self._new_window())
        self.weights = weights
        return decision

    def _kept(self, decision: Decision, candidate: Weights) -> Decision:
        """Put the candidate into the store, with its papers."""
        n_bytes = self._domains.keep(candidate, decision.stamp_ns, decision.evidence)
        return replace(decision, n_bytes=n_bytes)

    def _end_trial(self, trial: Trial) -> Decision:
        """Confirm what runs, or roll back where the parent is better on frames both never saw."""
        self._trial = None
        started = self._start()
        verdict = self.gate.judge(self._objective, self.weights, trial.parent, trial.fresh.samples)
        if verdict.accepted:
            return self.roll_back(f'on trial the version before was better: {verdict.reason}')
        self.store.confirm('as good on trial as when it was judged')
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
