"""Notices that the clock of a node was set. The stamps of frames are watched by the pipeline."""

from __future__ import annotations

from rclpy.clock import Clock, JumpThreshold, TimeJump
from rclpy.duration import Duration

FORWARD_S = 10.0  # /clock may tick as slowly as it likes below this


class Jumps:
    """`taken` is true once after each jump; it may be asked by another thread."""

    def __init__(self, clock: Clock) -> None:
        self._has_jumped = False
        self.n_jumps = 0
        threshold = JumpThreshold(
            min_forward=Duration(seconds=FORWARD_S),
            min_backward=Duration(nanoseconds=-1),
            on_clock_change=True,
        )
        self._handle = clock.create_jump_callback(threshold, post_callback=self._on_jump)

    def taken(self) -> bool:
        """Return whether time has jumped since the last call."""
        if not self._has_jumped:
            return False
        self._has_jumped = False
        self.n_jumps += 1
        return True

    def close(self) -> None:
        """Stop watching the clock."""
        self._handle.unregister()

    def _on_jump(self, jump: TimeJump) -> None:
        self._has_jumped = True
