"""
RDumb: adapt all the time, and at fixed intervals start over (Press et al., arXiv:2306.05401).

The paper adapts by gradients of the entropy and resets every 1,000 steps. Here a step is a frame,
and what adapts is recalibration on the latest window: a binary network has no gradients.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from edge_adapt.baselines._rule import Rule
from edge_adapt.pipeline.assembly import Get
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Samples, U8, UNKNOWN, Weights
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np

WINDOW = 64  # frames
RESET_EVERY = 1000  # frames


class Rdumb(Rule):
    """Recalibrates every WINDOW frames, and forgets everything every RESET_EVERY frames."""

    def __init__(self, get: Get, clock_ns: Callable[[], int]) -> None:
        super().__init__(get, clock_ns)
        self._updater = Recalibration()
        self._images: deque[U8] = deque(maxlen=WINDOW)
        self._n_frames, self._stamp_ns, self._is_due = 0, 0, False

    def on_frame(self, stamp_ns: int, image: U8) -> None:
        self._images.append(image)
        self._n_frames += 1
        self._stamp_ns, self._is_due = stamp_ns, True

    def step(self) -> Decision | None:
        """Reset or recalibrate, where the time for it has come."""
        if not self._is_due:
            return None
        self._is_due = False
        if self._n_frames % RESET_EVERY == 0:
            return self.taken('reset', 'as scheduled', self._stamp_ns, lambda: self.objective.base)
        if self._n_frames % WINDOW == 0:
            return self.taken('recalibration', 'as scheduled', self._stamp_ns, self._recalibrated)
        return None

    def _recalibrated(self) -> Weights:
        samples = Samples(np.stack(list(self._images)), np.full(len(self._images), UNKNOWN))
        *_, weights = self._updater.improve(self.objective, self.weights, samples)
        return weights
