"""Recalibration only: the whole ladder, gate and trial included, without a labelled head."""

from __future__ import annotations

from collections.abc import Callable

from edge_adapt.pipeline.assembly import adaptation_from, Get
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Detection, U8, Weights


class Recalibration:
    """The ladder cut down to the look-up and recalibration."""

    def __init__(self, get: Get, clock_ns: Callable[[], int]) -> None:
        mine = {'ladder': 'bank,recalibration', 'store': ''}  # a store belongs to one learner
        self._ladder = adaptation_from(
            lambda name: mine[name] if name in mine else get(name), clock_ns
        )

    @property
    def weights(self) -> Weights:
        return self._ladder.weights

    def on_frame(self, stamp_ns: int, image: U8) -> None:
        self._ladder.on_frame(stamp_ns, image)

    def on_label(self, stamp_ns: int, label: int) -> None:
        self._ladder.on_label(stamp_ns, label)

    def on_drift(self, detection: Detection) -> None:
        self._ladder.on_drift(detection)

    def step(self) -> Decision | None:
        return self._ladder.step()
