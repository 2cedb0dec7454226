"""Ends a process that hangs, so that whoever started it may start it again."""

from __future__ import annotations

from collections.abc import Callable
import faulthandler
import time

from edge_adapt.errors import UsageError

SHORTEST_S = 1.0  # a quiet process is not heard of more often than every 0.2 s
STANDARD_ERROR = 2
_ROUNDS = 8  # the limit is set anew so often before it is reached


class Watchdog:
    """
    Ends the process with status 1 when nobody has said `alive` for `limit_s`; 0 s is never.

    Who hangs may keep the interpreter from everybody else: rclpy holds it while it publishes, and
    Fast DDS waits without end for a lock in shared memory whose owner was killed. Therefore the
    time is watched by a thread in C, of faulthandler, which writes to standard error where every
    Python thread was. A process that was stopped (SIGSTOP) for longer counts as one that hung.

    Raises UsageError for a limit that the quickest process cannot keep.
    """

    def __init__(self, limit_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        if 0 < limit_s < SHORTEST_S:
            raise UsageError(f'watchdog_s is 0, never, or >= {SHORTEST_S:g}, got {limit_s:g}')
        self.limit_s = limit_s
        self._now_s, self._next_s = now_s, 0.0

    def alive(self, busy_s: float = 0.0) -> None:
        """
        Begin to count anew, from `busy_s` on: so long has the slowest been at what it does.

        Cheap enough to be called after every callback.
        """
        if self._now_s() >= self._next_s and busy_s < self.limit_s:
            self._next_s = self._now_s() + self.limit_s / _ROUNDS
            self._end_after(self.limit_s - busy_s)

    def allow(self, more_s: float) -> None:
        """Give what begins now so much more time, until somebody is `alive` again."""
        if self.limit_s:
            self._next_s = 0.0
            self._end_after(self.limit_s + more_s)

    def rest(self) -> None:
        """Watch no more, until somebody is `alive` again."""
        if self.limit_s:
            self._next_s = 0.0
            faulthandler.cancel_dump_traceback_later()

    @staticmethod
    def _end_after(seconds: float) -> None:
        faulthandler.dump_traceback_later(seconds, exit=True, file=STANDARD_ERROR)
