"""
Asks, where adapted weights run in calm, whether the trained ones would do better again.

A detector compares frames with what is normal; weights far from the trained ones, such as those
behind an inverting front end, leave little that is normal to compare with. The trained weights
know their own world, so they are asked themselves, now and then, on frames of the latest time.
"""

from __future__ import annotations

from collections import deque

from edge_adapt.pipeline.decisions import Decision, ROLLBACK
from edge_adapt.pipeline.history import Calm
from edge_adapt.pipeline.ladder import LOOK_UP
from edge_adapt.pipeline.tools import Tools
from edge_adapt.records import Samples, U8, UNKNOWN
import numpy as np

N_FRAMES, STRIDE = 32, 4  # of those seen, every fourth: one question in 128 frames


class Homing:
    """Keeps a few frames; a question costs two or three evaluations of each."""

    def __init__(self) -> None:
        self._images: deque[U8] = deque(maxlen=N_FRAMES)
        self._n_seen = 0

    def begin(self) -> None:
        """Forget the frames: they are of another time."""
        self._images.clear()
        self._n_seen = 0

    def add(self, image: U8) -> None:
        """Remember a network input (h, w, c)."""
        if self._n_seen % STRIDE == 0:
            self._images.append(image)
        self._n_seen += 1

    @property
    def is_due(self) -> bool:
        """Whether enough frames came since it was asked last."""
        return self._n_seen >= N_FRAMES * STRIDE

    def ask(self, tools: Tools, calm: Calm) -> Decision | None:
        """Return to the trained weights, on trial, if they prove better; else None."""
        started = tools.recorder.start()
        frames = Samples(np.stack(self._images), np.full(len(self._images), UNKNOWN))
        self.begin()
        trained = tools.model.weights
        verdict = tools.gate.after(calm).judge(tools.objective, tools.weights, trained, frames)
        if not verdict.accepted:
            return None
        reason = f'the trained weights answer better again: {verdict.reason}'
        decision = tools.decided(LOOK_UP, started, reason, trained, True, verdict)
        return tools.in_use.promote(decision, trained, tools.new_window())


def fall_back(tools: Tools, calm: Calm, fresh: Samples) -> Decision | None:
    """
    Return to the trained weights where those before an undone trial are proved no more than they.

    The version before was proved in the world before the alarm. On the `fresh` frames of the trial
    it must be proved better than the trained weights again, else these run, without a trial: they
    are what the robot came with. None where the version before stays.
    """
    trained, before = tools.model.weights, tools.weights
    if before.version == trained.version:
        return None
    started = tools.recorder.start()
    verdict = tools.gate.after(calm).judge(tools.objective, trained, before, fresh)
    if verdict.accepted:
        return None
    reason = f'the version before is not proved better than the trained one here: {verdict.reason}'
    decision = tools.decided(ROLLBACK, started, reason, trained, True, verdict)
    decision = tools.in_use.promote(decision, trained, tools.new_window())
    tools.in_use.settle(reason)
    return decision
