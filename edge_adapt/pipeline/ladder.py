"""What the ladder is made of: rungs, the numbers of the policy, and the record of a decision."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edge_adapt.pipeline.window import Window
from edge_adapt.records import Detection, Weights
from edge_adapt.updaters import Updater

# Names of decisions that no updater takes.
LOOK_UP, DOMAIN, TRIAL, ROLLBACK = 'bank', 'domain', 'trial', 'rollback'
_NOT_EVIDENCE = ('seconds', 'stamp_ns')  # the same decision has the same papers, whenever taken


@dataclass(frozen=True, slots=True)
class Rung:
    """
    One step of the ladder: an updater, and what it waits for.

    `n_frames` counts all frames since the alarm, `n_labels` those with a label that may be
    learned from (the gate wants labels of its own besides); `max_evaluations` bounds the work.
    """

    name: str
    updater: Updater
    n_frames: int
    n_labels: int = 0
    max_evaluations: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Decision:
    """
    One line of the record: what was tried, on what, at what cost, and what became of it.

    `base` and `candidate` are versions; `before` and `after` are the judge's scores.
    """

    stamp_ns: int
    rung: str
    accepted: bool
    reason: str
    base: str
    candidate: str
    before: float = float('nan')
    after: float = float('nan')
    n_evaluations: int = 0
    n_bytes: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @property
    def evidence(self) -> dict[str, Any]:
        """What a promoted version carries with it: everything but times."""
        return {name: v for name, v in self.to_dict().items() if name not in _NOT_EVIDENCE}


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the policy; all counts are frames."""

    n_look_up: int = 16
    n_trial: int = 48
    guard_every: int = 3
    spacing: int = 1


DEFAULTS = Settings()


@dataclass
class Episode:
    """One drift, from its alarm to the end of the ladder."""

    detection: Detection
    n_classes: float  # in the stream before the change
    rung: int = 0
    looked_up: bool = False
    settled: bool = False  # whether the weights carry the signature of the new domain


@dataclass(frozen=True, slots=True)
class Trial:
    """A promotion on trial: what ran before it, and the frames since."""

    parent: Weights
    fresh: Window
