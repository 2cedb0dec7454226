"""Notices when the time of the frames jumps: a clock that was set, a bag that starts again."""

from __future__ import annotations

SECOND_NS = 1_000_000_000


class Stamps:
    """
    Watches the stamps of a stream.

    A step back by more than `max_back_ns` (frames may arrive a little out of order) or forward by
    more than `max_gap_ns` is a jump: what was seen before says nothing of what comes. Equal
    stamps, as of a paused clock, are none.
    """

    def __init__(self, max_back_ns: int = SECOND_NS, max_gap_ns: int = 10 * SECOND_NS) -> None:
        self._max_back_ns, self._max_gap_ns = max_back_ns, max_gap_ns
        self._last_ns: int | None = None

    def jumped(self, stamp_ns: int) -> bool:
        """Return whether the time jumped before the frame with this stamp; once a jump."""
        last_ns, self._last_ns = self._last_ns, stamp_ns
        if last_ns is None:
            return False
        return not -self._max_back_ns <= stamp_ns - last_ns <= self._max_gap_ns
