"""
The learning path: from an alarm, up the ladder of ever dearer remedies, to proven weights.

    alarm -> known domain? -> candidates without labels -> head with labels -> trained weights

Each rung waits until enough frames of the new domain are there, is tried on a candidate, judged on
frames it never learned from, promoted on trial, and confirmed or rolled back on fresh frames. What
comes from outside goes the same way from the judge on. Between drifts the trained weights are
asked now and then whether they would do better again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from edge_adapt.drift import Reference
from edge_adapt.engines import Engine
from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import has_learned, widened
from edge_adapt.pipeline.decisions import Decision, Recorder, ROLLBACK
from edge_adapt.pipeline.domains import Domains, PRODUCER
from edge_adapt.pipeline.episode import Episode
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.growth import Growth
from edge_adapt.pipeline.history import History
from edge_adapt.pipeline.homing import fall_back, Homing
from edge_adapt.pipeline.ladder import Rung
from edge_adapt.pipeline.limits import Limits
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.pipeline.offers import Offer
from edge_adapt.pipeline.probation import Probation
from edge_adapt.pipeline.stamps import Stamps
from edge_adapt.pipeline.tools import Settings, Tools
from edge_adapt.pipeline.window import Window
from edge_adapt.records import Detection, Samples, U8, Weights
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.weight_store import WeightStore

DEFAULTS, LIMITS = Settings(), Limits()


class Adaptation:
    """
    Collects frames and labels, and turns a drift into better weights.

    Drive it with `on_frame`, `on_label`, `on_drift` and `on_offer`, and call `step` whenever there
    is time: it does at most one piece of work and returns the decision taken, or None. After a
    decision `weights` is what inference should use. Nothing here knows a clock or a thread: the
    caller's `clock_ns` only measures how long a decision took.
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
        limits: Limits = LIMITS,
    ) -> None:
        self.model, self.store, self.frozen = store.model, store, False
        self.rungs = tuple(rungs)
        objective = EngineObjective(engine, store.model)
        recorder = Recorder(store, objective, clock_ns)
        in_use = Probation(store, objective, recorder, settings.n_trial)
        domains = Domains(store, reference)
        self.tools = Tools(
            store.model, objective, recorder, in_use, domains, gate, limits, settings
        )
        self._stamps, self._history = Stamps(), History(settings.spacing)
        self._episode: Episode | None = None
        self._offer: Offer | None = None
        self._growth: Growth | None = None
        self._homing = Homing()
        self._undone: Samples | None = None  # frames of a trial that was undone in an episode
        objective.know(self.weights)
        self._is_home = domains.is_home(self.weights)
        self.class_names = objective.network.class_names

    @property
    def weights(self) -> Weights:
        """Return what inference should use."""
        return self.tools.weights

    @property
    def state(self) -> str:
        """One word for people: watching, collecting, on trial or frozen."""
        if self.frozen:
            return 'frozen'
        if self.tools.in_use.trial is not None:
            return 'on trial'
        return 'watching' if self._episode is None and self._offer is None else 'collecting'

    def on_frame(self, stamp_ns: int, image: U8) -> None:
        """Remember a network input (h, w, c); where time jumped, forget those before."""
        self.tools.recorder.now_ns = stamp_ns
        if self._stamps.jumped(stamp_ns):
            self.forget()
        if self._is_home and self.tools.in_use.trial is None:
            self._history.add(image)
        if self._is_away:
            self._homing.add(image)
        for window in self._windows:
            window.add(stamp_ns, image)

    def on_label(self, stamp_ns: int, label: int) -> None:
        """Remember the true class of a frame; one that is still to be learned begins a growth."""
        if self._growth is None and not has_learned(self.model.network, self.weights, label):
            self._growth = Growth(self.tools.new_window(), label)
        for window in self._windows:
            window.label(stamp_ns, label)

    def label_of(self, name: str) -> int:
        """
        Return the index of a class; one nobody knew is taken in where there is room.

        Raises UsageError where there is none.
        """
        if name in self.class_names:
            return self.class_names.index(name)
        n_added = len(self.class_names) - len(self.model.network.class_names)
        if n_added >= self.tools.settings.max_new_classes:
            raise UsageError(
                f'there is no class {name!r}; there are: {", ".join(self.class_names)}'
                f' (max_new_classes is {self.tools.settings.max_new_classes})'
            )
        wide = widened(self.model.network, self.model.weights, (*self.class_names, name))
        self.tools.objective.know(wide)
        self.class_names = self.tools.objective.network.class_names
        return len(self.class_names) - 1

    def forget(self) -> None:
        """Drop what is under way: its frames are of another time. Drift alarms again."""
        self._episode, self._history = None, History(self.tools.settings.spacing)
        self._is_home, self._growth = self.tools.domains.is_home(self.weights), None
        self._homing.begin()
        self._undone = None
        self.tools.in_use.start_again(self.tools.new_window())
        if self._offer is not None:
            self._offer = replace(self._offer, fresh=self.tools.new_window())

    def on_drift(self, detection: Detection) -> None:
        """Begin an episode; what was collected is given up where the change is another one."""
        if self._episode is not None and self._episode.goes_on(self.rungs, detection):
            return
        self.tools.in_use.trial = None
        calm = self._history.close(
            self.tools.objective, self.weights, detection.n_frames_suspected
        )
        self._episode, self._is_home = Episode(self.tools.new_window(), calm), False

    def on_offer(self, update: WeightUpdate, weights: Weights) -> None:
        """
        Consider weights from outside, which passed the door; a later offer replaces an earlier.

        Raises UsageError where the store cannot put it on record, or has seen it.
        """
        self.store.receive(update)
        maker = f'{update.producer}, signed by {update.signer or "nobody"}'
        self._offer = Offer(weights, maker, self.tools.new_window())

    def step(self) -> Decision | None:
        """
        Do the next piece of work if enough frames are there.

        Raises UsageError where the store refuses (a full disk): the same work is then done again.
        """
        if self.frozen:
            return None
        self.tools.recorder.settle_up()
        episode = self._episode and replace(self._episode)
        try:
            decision = self._work()
        except UsageError:
            self._episode = episode
            raise
        if decision is not None:
            self.tools.recorder.write(decision)
        return decision

    def _work(self) -> Decision | None:
        if self.tools.in_use.is_due:
            return self._end_trial()
        if self.tools.in_use.trial is not None:
            return None
        if self._undone is not None and (decision := self._fall_back(self._undone)) is not None:
            return decision
        if self._offer is not None and self._offer.is_due:
            calm = None if self._is_home else self._history.calm
            decision = self._offer.consider(self.tools, calm)
            self._is_home = self._is_home or decision.accepted
            self._offer = None
            return decision
        if self._growth is not None and self._growth.is_due(self.tools):
            return self._grow(self._growth)
        if self._is_away and self._homing.is_due and (home := self._go_home()) is not None:
            return home
        return None if self._episode is None else self._climb(self._episode)

    @property
    def _is_away(self) -> bool:
        """
        Whether the trained weights are worth asking: others run in calm, and know no more.

        Calm is neither a trial nor an open episode. Weights that learned a class at run time are
        not given up for those that never heard of it.
        """
        is_calm = self._episode is None or self._episode.is_settled
        is_adapted = self.weights.version != self.model.weights.version
        is_on_trial = self.tools.in_use.trial is not None
        return is_calm and is_adapted and not self._has_grown and not is_on_trial

    @property
    def _has_grown(self) -> bool:
        """Whether a class was added to those the trained weights know."""
        return len(self.class_names) > len(self.model.network.class_names)

    def _go_home(self) -> Decision | None:
        decision = self._homing.ask(self.tools, self._history.calm)
        if decision is not None:
            self._episode, self._is_home = None, True
        return decision

    def _end_trial(self) -> Decision:
        """After a roll-back the weights do not know the world: their answers are no evidence."""
        tools, episode, trial = self.tools, self._episode, self.tools.in_use.trial
        if episode is None:
            decision = tools.in_use.end_trial(tools.gate)
        else:
            decision = episode.end_trial(tools)
        if decision.rung == ROLLBACK:
            self._is_home = False
            if trial is not None and episode is not None and not self._has_grown:
                self._undone = trial.fresh.samples
        return decision

    def _fall_back(self, undone: Samples) -> Decision | None:
        decision = fall_back(self.tools, self._history.calm, undone)
        self._undone = None  # not before: where the store refuses the question stays
        return decision

    def _grow(self, growth: Growth) -> Decision:
        decision = growth.learn(self.tools, self.class_names)
        if growth.is_over:
            self._growth = None
        return decision

    def _climb(self, episode: Episode) -> Decision | None:
        decision = episode.climb(self.rungs, self.tools)
        self._is_home = episode.is_home
        if episode.is_over:
            self._episode = None
        return decision

    def roll_back(self, reason: str) -> Decision:
        """
        Return to the version before this one, by order of a person.

        Raises UsageError where there is none.
        """
        decision = self.tools.in_use.roll_back(reason)
        self._episode, self._is_home = None, self.tools.domains.is_home(self.weights)
        self.tools.recorder.write(decision)
        return decision

    def update(self, created_ns: int) -> WeightUpdate:
        """Return the weights in use as an update of the model, numbered by the store's changes."""
        return WeightUpdate.between(
            self.model,
            self.weights,
            self.store.next_said,
            created_ns,
            producer=PRODUCER,
        )

    @property
    def _windows(self) -> list[Window]:
        """Everything that collects frames now."""
        episode = [] if self._episode is None else [self._episode.window]
        offer = [] if self._offer is None else [self._offer.fresh]
        growth = [] if self._growth is None else [self._growth.window]
        trial = [] if self.tools.in_use.trial is None else [self.tools.in_use.trial.fresh]
        return [*episode, *offer, *growth, *trial]
