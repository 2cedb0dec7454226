"""
What a store has decided: which version runs, which came before, what is kept. Pure transitions.

    candidate --promote--> trial --confirm--> active     the former active becomes previous
                             '----roll back--> refused   the active runs again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from edge_adapt import archive
from edge_adapt.errors import UsageError

KIND = 'store'


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept version. `mark` is 'candidate', 'proven' (was active once) or 'refused'."""

    version: str
    sequence: int
    n_bytes: int
    mark: str = 'candidate'
    has_signature: bool = False


@dataclass(frozen=True)
class State:
    """
    One state of a store; every decision makes the next `number`.

    `sequence` is the highest ever accepted; `trial` is '' where nothing is on trial. `versions`
    are ordered by their last use, the oldest first. The base, the model's own weights, is a
    version without a file and is never listed. `decision` is the journal's latest line.

    Two orders are kept apart: `epoch` + `number` orders what this store says to others, where
    `epoch` is the time of its making, so that a new store is newer than any before it on this
    device; `offered` is the highest sequence taken from outside, which others number.
    """

    base: str
    active: str
    previous: str
    trial: str = ''
    sequence: int = 0
    number: int = 0
    epoch: int = 0
    offered: int = 0
    versions: tuple[Entry, ...] = ()
    decision: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def new(base: str, epoch: int = 0) -> State:
        """Return the state of an empty store: the base runs."""
        return State(base=base, active=base, previous=base, epoch=epoch)

    @property
    def running(self) -> str:
        """Return the version to run: the one on trial, else the active one."""
        return self.trial or self.active

    @property
    def pinned(self) -> tuple[str, ...]:
        """Return the versions that are never dropped, best first."""
        named = (self.trial, self.active, self.previous, self.base)
        return tuple(dict.fromkeys(name for name in named if name))

    def entry(self, version: str) -> Entry | None:
        """Return the entry of a version; None where it is not kept."""
        return next((entry for entry in self.versions if entry.version == version), None)

    def put(self, entry: Entry) -> State:
        """Return the state with one more version; a proven one stays proven."""
        if entry.sequence <= self.sequence:
            raise UsageError(
                f'sequence {entry.sequence} of {entry.version} is not above {self.sequence},'
                ' the last one accepted'
            )
        known = self.entry(entry.version)
        if known is not None and known.mark == 'proven':
            entry = replace(entry, mark='proven')
        return replace(self._with(entry), sequence=entry.sequence)

    def promote(self, version: str) -> State:
        """Return the state with `version` on trial."""
        self._check_known(version)
        return replace(self._used(version), trial='' if version == self.active else version)

    def receive(self, sequence: int) -> State:
        """Return the state that has taken this sequence number from outside."""
        if sequence <= self.offered:
            raise UsageError(f'offer {sequence} is not above {self.offered}: it is old')
        return replace(self, offered=sequence)

    def confirm(self) -> State:
        """Return the state with the version on trial active."""
        if not self.trial:
            raise UsageError('nothing is on trial, so there is nothing to confirm')
        proven = self._marked(self.trial, 'proven')
        return replace(proven, active=self.trial, previous=self.active, trial='')

    def roll_back(self) -> State:
        """Return the state without the version on trial; without a trial, with the previous."""
        if self.trial:
            return replace(self._marked(self.trial, 'refused'), trial='')
        if self.previous == self.active:
            raise UsageError(f'{self.active} has no previous version to roll back to')
        refused = self._marked(self.active, 'refused')
        return replace(refused, active=self.previous, previous=self.base)

    def retained(self, max_versions: int, max_bytes: int, fresh: str = '') -> State:
        """
        Return the state with at most so many versions and bytes.

        Refused versions go first, then those used longest ago. The pinned ones and `fresh` stay.
        """
        kept = list(self.versions)
        loose = [entry for entry in kept if entry.version not in (*self.pinned, fresh)]
        for entry in sorted(loose, key=lambda entry: entry.mark != 'refused'):
            if len(kept) <= max_versions and sum(e.n_bytes for e in kept) <= max_bytes:
                break
            kept.remove(entry)
        return replace(self, versions=tuple(kept))

    def encode(self) -> bytes:
        """Return the bytes of the state file."""
        return archive.encode(KIND, asdict(self), {})

    @staticmethod
    def decode(data: bytes, source: str) -> State:
        """Return the state in a file. Raises UsageError where it is damaged."""
        about = dict(archive.decode(data, KIND, source).about)
        try:
            entries = tuple(Entry(**entry) for entry in about.pop('versions'))
            return State(versions=entries, **about)
        except (KeyError, TypeError) as error:
            raise UsageError(f'{source} is not the state of a store: {error}') from error

    def _check_known(self, version: str) -> None:
        if version != self.base and self.entry(version) is None:
            names = ', '.join(entry.version for entry in self.versions) or 'none'
            raise UsageError(f'the store has no version {version!r}; there are: {names}')

    def _with(self, entry: Entry) -> State:
        others = tuple(e for e in self.versions if e.version != entry.version)
        return replace(self, versions=(*others, entry))

    def _used(self, version: str) -> State:
        entry = self.entry(version)
        return self if entry is None else self._with(entry)

    def _marked(self, version: str, mark: str) -> State:
        entry = self.entry(version)
        return self if entry is None else self._with(replace(entry, mark=mark))
