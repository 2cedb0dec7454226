"""Says when frames stop and when they are back; by a clock that nobody can set."""

from __future__ import annotations

from collections.abc import Callable

from edge_adapt.nodes import convert
from edge_adapt.nodes._diagnostics import Status

WAITING, COMING, LOST = 'waiting', 'coming', 'lost'


class InputWatch:
    """
    Watches one topic: `seen` at each frame, `check` once a second.

    `steady_ns` never jumps; `say` gets a sentence when the state changes.
    """

    def __init__(
        self, topic: str, steady_ns: Callable[[], int], say: Callable[[str], None]
    ) -> None:
        self._topic, self._steady_ns, self._say = topic, steady_ns, say
        self.state = WAITING
        self._last_ns = steady_ns()
        self._is_told = False

    def seen(self) -> None:
        """Take note of a frame."""
        silent_s, self._last_ns = self._silent_s(), self._steady_ns()
        if self.state == LOST:
            self._say(f'frames are back on {self._topic} after {silent_s:.1f} s')
        self.state = COMING

    def check(self, timeout_s: float) -> Status:
        """Return the status; the first time that frames are missed it is also said."""
        silent_s = self._silent_s()
        if silent_s <= timeout_s:
            return convert.OK, 'frames are coming' if self.state == COMING else 'waiting', {}
        if self.state == COMING:
            self.state = LOST
            self._say(
                f'no frames on {self._topic} for {silent_s:.1f} s: is the camera still running?'
                ' Results resume with the next frame'
            )
        elif self.state == WAITING and not self._is_told:
            self._is_told = True
            self._say(f'waiting for the first frame on {self._topic}')
        return convert.WARN, f'no frames for {silent_s:.0f} s on {self._topic}', {}

    def _silent_s(self) -> float:
        return (self._steady_ns() - self._last_ns) / 1e9
