"""
Detector A: a likelihood ratio of class-conditional residuals, with the evidence of a run capped.

A camera shows one class for seconds. What counts as change is therefore measured against the
class the network predicts, and a run of one class is one observation of the scene however long
it lasts. `_normal.py` has the residuals, `_run_statistic.py` the statistic.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge_adapt.drift._run_watcher import RunWatcher
from edge_adapt.drift._signature import Signature
from edge_adapt.records import Array


class ClassConditional(RunWatcher):
    """Watches features against the clean reference, or against the domain it was re-based on."""

    def rebase(self, weights: Mapping[str, Array], version: str) -> None:
        """
        Take what is normal from the weights in use, and start anew.

        A bank's own signature where it carries one; the clean reference, with all groups, for
        the weights it was recorded with; else clean images, as other weights have other features.
        """
        signature = Signature.in_weights(weights)
        if signature is None and version == self.reference.version:
            self._watch(self.reference.clean)
        else:
            signature = signature or self.reference.signature
            self._watch(self.reference.about_domain(signature))
