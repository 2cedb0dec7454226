"""A place for one frame: the newest replaces the one that waits, and every frame is counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar('T')


@dataclass(frozen=True, slots=True)
class Counts:
    """
    What became of the frames: received = processed + dropped + rejected + in_hand, always.

    `dropped` were replaced by a newer one before anybody looked at them; `rejected` could not be
    used; `in_hand` (0, 1 or 2) wait in the slot or are being processed.
    """

    received: int = 0
    processed: int = 0
    dropped: int = 0
    rejected: int = 0
    in_hand: int = 0

    @property
    def add_up(self) -> bool:
        """Whether no frame is unaccounted for."""
        return self.received == self.processed + self.dropped + self.rejected + self.in_hand

    def to_dict(self) -> dict[str, int]:
        """Return the counters by name."""
        return asdict(self)


class NewestSlot(Generic[T]):
    """
    Hands the newest item from a callback to one worker; safe between threads.

    The worker calls `take`, works, then `done` (or `reject` where the item proved unusable).
    """

    def __init__(self) -> None:
        self._condition = Condition()
        self._item: T | None = None
        self._n_working = 0
        self._closed = False
        self._received = self._processed = self._dropped = self._rejected = 0

    def put(self, item: T) -> None:
        """Store `item`; an older one that still waits is dropped and counted."""
        with self._condition:
            self._received += 1
            if self._closed:
                self._dropped += 1
                return
            if self._item is not None:
                self._dropped += 1
            self._item = item
            self._condition.notify()

    def take(self, timeout_s: float) -> T | None:
        """Return the newest item, waiting up to `timeout_s`; None where none came."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            self._n_working += item is not None
            return item

    def done(self) -> None:
        """Count the item taken as processed."""
        with self._condition:
            self._n_working -= 1
            self._processed += 1

    def reject(self) -> None:
        """Count the item taken as rejected."""
        with self._condition:
            self._n_working -= 1
            self._rejected += 1

    def close(self) -> None:
        """Wake the worker for good: the item that waits is dropped, and so is all that comes."""
        with self._condition:
            self._closed = True
            self._dropped += self._item is not None
            self._item = None
            self._condition.notify_all()

    @property
    def counts(self) -> Counts:
        """Return a consistent copy of the counters."""
        with self._condition:
            in_hand = self._n_working + (self._item is not None)
            return Counts(self._received, self._processed, self._dropped, self._rejected, in_hand)
