"""
Detector A: a likelihood ratio of class-conditional residuals, with the evidence of a run capped.

A camera shows one class for seconds. What counts as change is therefore measured against the
class the network predicts, and a run of one class is one observation of the scene however long
it lasts. `_normal.py` has the residuals, `_run_statistic.py` the statistic.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge_adapt.drift._return_watch import ReturnWatch
from edge_adapt.drift._run_watcher import RunWatcher
from edge_adapt.drift._settling import Settling
from edge_adapt.drift._signature import Signature
from edge_adapt.drift._watcher import Sight
from edge_adapt.drift._yardstick import Yardstick
from edge_adapt.records import Array, Observation
from edge_adapt.signals import FIRST_LAYER, LAST_LAYER, OUTPUT, PIXELS

RETURN = 'return'
_ANSWERS = (FIRST_LAYER, LAST_LAYER, OUTPUT)  # images have a yardstick of their own


class ClassConditional(RunWatcher):
    """
    Watches features against the clean reference, or against the domain it was re-based on.

    In another domain it also watches for the return to the clean one, and, once it has seen what
    the answers of other weights are like, for a change of those (`_settling.py`).
    """

    _here: Signature | None = None
    _return: ReturnWatch | None = None
    _settling: Settling | None = None
    _answers: Yardstick | None = None

    @property
    def n_bytes(self) -> int:
        """Return the size of the state, in bytes."""
        parts = (self._yardstick, self._answers or self._settling)
        return sum(part.n_bytes for part in parts if part is not None)

    def rebase(self, weights: Mapping[str, Array], version: str) -> None:
        """
        Take what is normal from the weights in use, and start anew.

        A bank's own signature where it carries one; the clean reference, with all groups, for
        the weights it was recorded with; else clean images. The features of other weights are
        learned from what they answer first.
        """
        self._here = Signature.in_weights(weights)
        self._settling = self._answers = None
        if self._here is None and version == self.reference.version:
            self._watch(self.reference.clean)
            return
        self._settling = Settling(self.reference.clean.only(_ANSWERS))
        self._watch(self.reference.about_domain(self._here or self.reference.signature))

    def _forget(self) -> None:
        super()._forget()
        self._return = ReturnWatch(self.reference, self._here) if self._here else None
        if self._answers is not None:
            self._answers.restart()
        elif self._settling is not None:
            # those frames were of two worlds
            self._settling = Settling(self.reference.clean.only(_ANSWERS))

    def _look(self, observation: Observation) -> Sight:
        sight = super()._look(observation)
        ratio = self._return.update(observation) if self._return is not None else 0.0
        if ratio > 1:
            return Sight(ratio, 1.0, PIXELS, {'kind': 'recurring', 'branch': RETURN})
        answers = self._look_at_answers(observation)
        return answers if answers.ratio > sight.ratio else sight

    def _look_at_answers(self, observation: Observation) -> Sight:
        if self._answers is not None:
            return self._answers.look(observation)
        if self._settling is not None:
            normal = self._settling.add(observation)
            self._answers = None if normal is None else Yardstick(normal)
        return Sight()
