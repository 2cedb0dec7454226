"""Decisions: what was tried, on what, at what cost, and what became of it; each is recorded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
import math
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.pipeline.gate import Verdict
from edge_adapt.records import Weights
from edge_adapt.store.weight_store import WeightStore
from edge_adapt.updaters import Objective

# Names of decisions that no updater takes.
DOMAIN, TRIAL, ROLLBACK, OFFER = 'domain', 'trial', 'rollback', 'offer'
_NOT_EVIDENCE = ('seconds', 'stamp_ns')  # the same decision has the same papers, whenever taken
MAX_UNWRITTEN = 64


@dataclass(frozen=True, slots=True)
class Decision:
    """
    One line of the record.

    `base` and `candidate` are versions; `before` and `after` are the judge's scores, NaN where
    nothing was judged; `n_bytes` is the size of what the candidate changes.
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
        """Return what a promoted version carries with it: everything but times."""
        return {name: v for name, v in self.to_dict().items() if name not in _NOT_EVIDENCE}

    @property
    def line(self) -> str:
        """Everything but the stamp, in one line."""
        verdict = 'accepted' if self.accepted else 'refused'
        return (
            f'{self.rung} {verdict}: {self.reason} (base {self.base[:8]}, candidate'
            f' {self.candidate[:8]}, score {self.before:.3f} -> {self.after:.3f},'
            f' {self.n_evaluations} evaluations, {self.n_bytes} bytes, {self.seconds:.3f} s)'
        )


Started = tuple[int, int]  # time and evaluations


class Recorder:
    """
    Makes decisions out of what happened, and writes each into the store's journal.

    What the disk refuses waits here: `settle_up` tries again, and raises UsageError where it
    fails, so that nothing more is learned until everything learned is on record.
    """

    def __init__(
        self, store: WeightStore, objective: Objective, clock_ns: Callable[[], int]
    ) -> None:
        self._store, self._objective, self._clock_ns = store, objective, clock_ns
        self._unwritten: list[Decision] = []
        self.now_ns = 0  # the stamp of the latest frame

    def start(self) -> Started:
        """Return what a decision begins with."""
        return self._clock_ns(), self._objective.n_evaluations

    def decision(
        self,
        rung: str,
        started: Started,
        reason: str,
        base: Weights,
        candidate: Weights | None = None,
        accepted: bool = False,
        verdict: Verdict | None = None,
    ) -> Decision:
        """Return the record of what began at `started`; no candidate is the base itself."""
        started_ns, n_before = started
        return Decision(
            stamp_ns=self.now_ns,
            rung=rung,
            accepted=accepted,
            reason=reason,
            base=base.version,
            candidate=(candidate or base).version,
            before=verdict.before if verdict else float('nan'),
            after=verdict.after if verdict else float('nan'),
            n_evaluations=self._objective.n_evaluations - n_before,
            seconds=(self._clock_ns() - started_ns) / 1e9,
        )

    def write(self, decision: Decision) -> None:
        """Put a decision on record now, or as soon as the disk takes it."""
        self._unwritten = [*self._unwritten[-MAX_UNWRITTEN + 1 :], decision]
        with suppress(UsageError):
            self.settle_up()

    def settle_up(self) -> None:
        """Write what waits. Raises UsageError where the disk refuses."""
        while self._unwritten:
            self._store.note('decision', _plain(self._unwritten[0].to_dict()))
            del self._unwritten[0]


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts without NaN, which is not JSON."""
    return {
        name: None if isinstance(fact, float) and math.isnan(fact) else fact
        for name, fact in facts.items()
    }
