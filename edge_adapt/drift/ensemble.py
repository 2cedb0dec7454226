"""
Detector A, the bank, steps inside scenes, scenes in a row, and the guard, as one detector.

Any of them may alarm. How sure the network is may raise the urgency of an alarm; it never cancels
one, for networks are often surest where they are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._watcher import COOL_DOWN, Watcher
from edge_adapt.drift.class_conditional import ClassConditional
from edge_adapt.drift.corruption_bank import CorruptionBank
from edge_adapt.drift.information_guard import InformationGuard
from edge_adapt.drift.scene_odds import SceneOdds
from edge_adapt.drift.scene_step import SceneStep
from edge_adapt.records import Array, Detection, Observation
from edge_adapt.signals import OUTPUT

_N_ENTROPY = 16  # frames that entropy is averaged over
_UNSURE = 3.0  # clean deviations of the logarithm of entropy


class Ensemble:
    """One event a drift: after a detection all members start anew and wait for the cool-down."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._members: list[Watcher] = [
            ClassConditional(reference),
            SceneStep(reference),
            InformationGuard(reference),
        ]
        if reference.odds is not None:
            self._members.append(SceneOdds(reference))
        if reference.bank is not None:
            self._members.append(CorruptionBank(reference))
        self._detection: Detection | None = None
        self._n_quiet = 0
        output = reference.clean.part(OUTPUT).start
        self._usual = float(reference.clean.centre[output])
        self._usual_scale = float(reference.clean.scale[output])
        self._entropy = self._usual

    @property
    def drift_detected(self) -> bool:
        """Whether the latest update ended in a detection."""
        return self._detection is not None

    @property
    def detection(self) -> Detection | None:
        """Return what the latest update detected; None where it detected nothing."""
        return self._detection

    @property
    def statistic(self) -> float:
        """Return the largest statistic over its threshold among the members."""
        return max(member.statistic for member in self._members)

    def reset(self) -> None:
        """Forget all windows; what is normal stays."""
        self._restart(0)

    def rebase(self, weights: Mapping[str, Array], version: str) -> None:
        """Take what is normal from the weights in use; the bank serves its own weights alone."""
        members = [each for each in self._members if not isinstance(each, CorruptionBank)]
        if self._reference.bank is not None and version == self._reference.version:
            members.append(CorruptionBank(self._reference))
        self._members = members
        self.reset()
        for member in members:
            member.rebase(weights, version)

    def update(self, observation: Observation) -> None:
        """Look at one frame; the member with the largest ratio tells of a drift."""
        if self._detection is not None:
            self._restart(COOL_DOWN)
        for member in self._members:
            member.update(observation)
        log_entropy = observation.features[OUTPUT].item(0)
        if isfinite(log_entropy):
            self._entropy += (log_entropy - self._entropy) / _N_ENTROPY
        if self._n_quiet:
            self._n_quiet -= 1
        firing = [member for member in self._members if member.detection is not None]
        if not firing or self._n_quiet:
            return
        loudest = max(firing, key=lambda member: member.statistic)
        assert loudest.detection is not None
        is_unsure = self._entropy > self._usual + _UNSURE * self._usual_scale
        self._detection = replace(
            loudest.detection,
            detector='ensemble',
            details={
                **loudest.detection.details,
                'member': loudest.detection.detector,
                'urgency': 'high' if is_unsure else 'usual',
            },
        )

    def _restart(self, n_quiet: int) -> None:
        for member in self._members:
            member.reset()
        self._detection, self._n_quiet = None, n_quiet
