"""Faults that a node makes in itself when its parameters ask for it, to see what the others do."""

from __future__ import annotations

import ctypes
from dataclasses import replace
import os
import signal
import time

from edge_adapt.nodes._lifecycle import EdgeNode
from edge_adapt.records import Frame
import numpy as np
from sensor_msgs.msg import Image

OFF = 'none'
STALL_S, HANG_S = 3.0, 3600
HOUR_NS = 3_600 * 1_000_000_000


class Faults:
    """
    Says at each event (a frame, an update) whether the fault is due, and which.

    It begins after `after` events and lasts for `count` of them; 0 is for ever. `stall`, `hang`
    and `crash` happen here; the others are names that the node acts on.
    """

    def __init__(self, node: EdgeNode) -> None:
        self._kind = node.parameter('fault_injection.kind')
        self._after = node.parameter('fault_injection.after')
        self._count = node.parameter('fault_injection.count')
        self._n_events = 0
        if self._kind != OFF:
            node.get_logger().warning(
                f'fault_injection is ON: {self._kind} after {self._after} events'
            )

    def next(self) -> str:
        """Return the fault of this event, '' for none; it may not return at all."""
        i, self._n_events = self._n_events - self._after, self._n_events + 1
        if self._kind == OFF or i < 0 or (self._count and i >= self._count):
            return ''
        if self._kind == 'crash':
            os.kill(os.getpid(), signal.SIGKILL)
        if self._kind == 'stall':
            time.sleep(STALL_S)
        if self._kind == 'hang':
            ctypes.PyDLL(None).sleep(HANG_S)  # PyDLL: nobody else gets the interpreter
        return str(self._kind)


class CameraFaults(Faults):
    """What a broken camera makes of its frames: none, old ones, noise, nonsense, wrong times."""

    def __init__(self, node: EdgeNode) -> None:
        super().__init__(node)
        self._rng = np.random.default_rng(0)
        self._now = ''
        self._last: Frame | None = None

    @property
    def offset_ns(self) -> int:
        """How wrong the clock is, for the frame that is being sent."""
        return -HOUR_NS if self._now == 'clock_jump' else 0

    def frame(self, frame: Frame) -> Frame | None:
        """Return the frame to send instead of this one; None where it is lost."""
        self._now = self.next()
        last, self._last = self._last or frame, frame
        if self._now == 'drop':
            return None
        if self._now == 'freeze':
            self._last = last
            return replace(frame, image=last.image)
        if self._now == 'noise':
            return replace(frame, image=self._rng.integers(0, 256, frame.image.shape, np.uint8))
        return frame

    def message(self, message: Image) -> Image:
        """Return the message to send: with `nan` it has numbers that are none."""
        if self._now == 'nan':
            n_pixels = message.height * message.width
            message.encoding, message.step = '32FC1', 4 * message.width
            message.data = np.full(n_pixels, np.nan, np.float32).tobytes()
        return message


def flipped(data: bytes) -> bytes:
    """Return the bytes with one bit flipped in their middle."""
    changed = np.frombuffer(data, np.uint8).copy()
    changed[len(changed) // 2] ^= 1
    return changed.tobytes()
