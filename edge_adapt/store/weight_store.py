"""Versions of one model's weights in a folder: candidate, trial, active, previous, banks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
import time
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.records import Weights
from edge_adapt.store import container
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.files import Files, replace_file
from edge_adapt.store.journal import Journal
from edge_adapt.store.signing import ANYONE, SigningKey, Trust
from edge_adapt.store.state import Entry, State

_MAX_STATE_BYTES = 1 << 20
_SLOTS = ('state.0', 'state.1')


@dataclass(frozen=True, slots=True)
class Retention:
    """What a store keeps beside its pinned versions (trial, active, previous)."""

    max_versions: int = 24
    max_bytes: int = 64 << 20


class WeightStore:
    """
    Weights that survive: a start after any cut finds the old version or the new, never none.

    `folder` may be shared by several models (each has its own inside) and by several processes:
    changes take turns under a lock; readers take none, since files only ever appear whole. Where
    a version's file is damaged it is passed over, counted in `n_skipped` and told in `problems`,
    and the next best runs: active, previous, in the end the model's own weights.

    Every method raises UsageError where the disk refuses. What was stored then stays as it was.
    """

    def __init__(
        self,
        folder: Path | str,
        model: Model,
        *,
        key: SigningKey | None = None,
        trust: Trust = ANYONE,
        retention: Retention = Retention(),
        clock_ns: Callable[[], int] = time.time_ns,
        files: Files | None = None,
    ) -> None:
        self.model, self.base = model, model.weights.version
        self.folder = Path(folder) / (model.digest[:16] or self.base)
        self.problems: dict[str, str] = {}
        self.n_skipped = 0
        self._key, self._trust, self._retention = key, trust, retention
        self._clock_ns, self._files = clock_ns, files or Files()
        self._journal = Journal(self._files, self.folder)
        self._made_ns = clock_ns()

    @property
    def state(self) -> State:
        """Return the latest intact state on disk; an empty store's where there is none."""
        found = [state for state in map(self._state_in, _SLOTS) if state is not None]
        return max(
            found, key=lambda state: state.number, default=State.new(self.base, self._made_ns)
        )

    @property
    def running(self) -> str:
        """Return the version to run now: the one on trial, else the active one."""
        return self.state.running

    @property
    def active(self) -> str:
        """Return the version that was confirmed last."""
        return self.state.active

    @property
    def said(self) -> int:
        """Return the place in the order of what the store tells others; 0 if it never changed."""
        state = self.state
        return state.epoch + state.number if state.number else 0

    @property
    def next_said(self) -> int:
        """Return the place of what is told next; it grows, also from one store to a newer one."""
        state = self.state
        return state.epoch + state.number + 1

    @property
    def next_sequence(self) -> int:
        """Return the lowest sequence number that `put` will take."""
        return self.state.sequence + 1

    def get(self, version: str) -> Weights:
        """Return whole weights by name. Raises UsageError where they are unknown or damaged."""
        if version == self.base:
            return self.model.weights
        return self.update(version).apply(self.model)

    def update(self, version: str) -> WeightUpdate:
        """Return the update that makes `version`, with its papers."""
        path = self._path(version)
        try:
            data = self._files.read(path, container.MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise UsageError(f'the store has no version {version!r}') from error
        except OSError as error:
            raise UsageError(f'{path} cannot be read: {error.strerror}') from error
        update = WeightUpdate.decode(data, self._trust, str(path))
        if update.version != version:
            raise UsageError(f'{path} holds another version, {update.version}')
        return update

    def running_weights(self) -> Weights:
        """Return the weights to run: the best version that is intact. Never fails."""
        while True:
            state = self.state
            for version in state.pinned:
                weights = self._intact(version)
                if weights is not None:
                    return weights
                if self.state.number != state.number:
                    break  # another process went on meanwhile; what is missing was replaced
            else:
                return self.model.weights

    def banks(self) -> list[str]:
        """Return the proven versions that know their domain, the latest used first."""
        entries = reversed(self.state.versions)
        return [e.version for e in entries if e.mark == 'proven' and e.has_signature]

    def journal(self) -> list[dict[str, Any]]:
        """Return the decisions, oldest first."""
        return self._journal.lines()

    def put(self, update: WeightUpdate) -> str:
        """
        Keep an update as a candidate and return the version it makes.

        Raises UsageError where it does not fit the model, has expired, or its sequence number is
        not above every one before.
        """
        return self.put_encoded(update, update.encode(self._key))

    def put_encoded(self, update: WeightUpdate, data: bytes) -> str:
        """Keep an update as the bytes it arrived in, with the signature of who made it."""
        weights = update.apply(self.model)
        now_ns = self._clock_ns()
        if update.expires_ns and now_ns >= update.expires_ns:
            raise UsageError(f'update {update.version} has expired')
        entry = Entry(
            update.version,
            update.sequence,
            len(data),
            has_signature='domain.mean' in weights,
        )
        facts = {
            'producer': update.producer,
            'signer': update.signer,
            **update.evidence,
        }
        with self._changing() as state:
            following = state.put(entry)
            replace_file(self._files, self._path(update.version), data)
            limits = self._retention.max_versions, self._retention.max_bytes
            following = following.retained(*limits, fresh=update.version)
            self._commit(state, following, 'put', update.version, facts)
        return update.version

    def promote(self, version: str, reason: str = '') -> None:
        """Put a version on trial. Raises UsageError where it is unknown or damaged."""
        with self._changing() as state:
            following = state.promote(version)
            self.get(version)
            self._commit(state, following, 'promote', version, {'reason': reason})

    def confirm(self, reason: str = '') -> None:
        """Make the version on trial the active one."""
        with self._changing() as state:
            following = state.confirm()
            self._commit(state, following, 'confirm', state.trial, {'reason': reason})

    def roll_back(self, reason: str) -> str:
        """End the trial, or go back to the previous version; return the version that runs."""
        with self._changing() as state:
            following = state.roll_back()
            self._commit(state, following, 'roll back', state.running, {'reason': reason})
        return following.running

    def receive(self, update: WeightUpdate) -> None:
        """Put on record that an update from outside came; the same one is not taken again."""
        facts = {'producer': update.producer, 'signer': update.signer, 'sequence': update.sequence}
        with self._changing() as state:
            following = state.receive(update.sequence)
            self._commit(state, following, 'offer', update.version, facts)

    def note(self, event: str, facts: Mapping[str, Any]) -> None:
        """Put a line into the journal that changes nothing; it has the number of the state."""
        with self._changing() as state:
            line = {'number': state.number, 'stamp_ns': self._clock_ns(), 'event': event}
            self._journal.append({**line, 'runs': state.running, 'facts': dict(facts)})

    @contextmanager
    def _changing(self) -> Iterator[State]:
        """Give the state to change while no other process can."""
        try:
            self._files.make_folder(self.folder)
            with self._files.locked(self.folder / 'lock'):
                state = self.state
                self._sweep(state)
                self._journal.catch_up(state.decision)
                yield state
        except OSError as error:
            raise UsageError(
                f'the weight store {self.folder} cannot be changed: {error.strerror}'
            ) from error

    def _commit(
        self,
        state: State,
        following: State,
        event: str,
        version: str,
        facts: dict[str, Any],
    ) -> None:
        """Write the following state, then its line in the journal, then drop what it dropped."""
        number = state.number + 1
        decision = {
            'number': number,
            'stamp_ns': self._clock_ns(),
            'event': event,
            'version': version,
            'base': self.model.digest,
            'from': state.running,
            'runs': following.running,
            'facts': facts,
        }
        following = replace(following, number=number, decision=decision)
        # The other slot keeps the state before: a damaged file costs one decision, not the store.
        replace_file(self._files, self.folder / _SLOTS[number % 2], following.encode())
        self._journal.append(decision)
        self._sweep(following)

    def _sweep(self, state: State) -> None:
        """Remove the files that the state does not name: dropped versions, remains of a cut."""
        kept = {f'{entry.version}.weights' for entry in state.versions}
        for name in self._files.names(self.folder):
            if name.endswith('.tmp') or (name.endswith('.weights') and name not in kept):
                self._files.remove(self.folder / name)

    def _state_in(self, slot: str) -> State | None:
        path = self.folder / slot
        try:
            state = State.decode(self._files.read(path, _MAX_STATE_BYTES), str(path))
        except FileNotFoundError:
            return None
        except (OSError, UsageError) as error:
            self._skip(slot, str(error))
            return None
        return state if state.base == self.base else None

    def _intact(self, version: str) -> Weights | None:
        try:
            return self.get(version)
        except UsageError as error:
            self._skip(version, str(error))
            return None

    def _skip(self, name: str, problem: str) -> None:
        """Count what was passed over; remember the sentence once a name."""
        self.n_skipped += 1
        self.problems[name] = problem

    def _path(self, version: str) -> Path:
        return self.folder / f'{container.checked_version(version)}.weights'
