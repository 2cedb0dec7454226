"""
What a robot that changes itself must beat: simple rules that change weights on the same frames.

A file `foo.py` holds a class `Foo(get, clock_ns)`; `get` looks up parameters by name. A baseline
has no gate and asks for no proof, but for the one that is the ladder with less in it.
"""

from __future__ import annotations

from typing import Protocol

from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Detection, U8, Weights


class Learning(Protocol):
    """What turns frames, labels and alarms into weights; `pipeline/adaptation.py` is one."""

    @property
    def weights(self) -> Weights:
        """Return what inference should use."""
        ...

    def on_frame(self, stamp_ns: int, image: U8) -> None:
        """Take a network input (h, w, c)."""
        ...

    def on_label(self, stamp_ns: int, label: int) -> None:
        """Take the true class of a frame, perhaps long after it."""
        ...

    def on_drift(self, detection: Detection) -> None:
        """Take an alarm."""
        ...

    def step(self) -> Decision | None:
        """Do one piece of work and return what was decided; None where nothing was to do."""
        ...
