"""
Detector A: a likelihood ratio of class-conditional residuals, with the evidence of a run capped.

A camera shows one class for seconds. What counts as change is therefore measured against the
class the network predicts, and a run of one class is one observation of the scene however long
it lasts. `_normal.py` has the residuals, `_run_statistic.py` the statistic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_adapt.drift._normal import Normal
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._run_statistic import FORGETTING, RunStatistic
from edge_adapt.drift._signature import Signature
from edge_adapt.records import Array, Detection, Observation
import numpy as np

ALL_GROUPS = 'all'
_QUIET: Final = 0.25  # of the threshold: a change is thought to begin where this was left


class ClassConditional:
    """
    Watches features against the clean reference, or against the domain it was re-based on.

    `warm_up` frames after a restart and `cool_down` frames after a detection are looked at but
    never alarm: one drift is one event, repeated only where nothing was done about it.
    """

    def __init__(self, reference: Reference, warm_up: int = 16, cool_down: int = 200) -> None:
        if warm_up < 0 or cool_down < warm_up:
            raise ValueError(
                f'warm_up must be >= 0 and at most cool_down, got {warm_up} and {cool_down}'
            )
        self._reference, self._warm_up, self._cool_down = reference, warm_up, cool_down
        self._normal: Normal = reference.clean
        self._detection: Detection | None = None
        self._n_until_armed, self._n_suspected = warm_up, 0
        self._restart(warm_up)

    @property
    def drift_detected(self) -> bool:
        """Whether the latest update ended in a detection."""
        return self._detection is not None

    @property
    def detection(self) -> Detection | None:
        """What the latest update detected; None where it detected nothing."""
        return self._detection

    @property
    def statistic(self) -> float:
        """The largest statistic over its threshold after the latest update: above 1 is drift."""
        return self._ratio

    def reset(self) -> None:
        """Forget all windows; what is normal stays. The next detection waits for the warm-up."""
        self._restart(self._warm_up)

    def rebase(self, weights: Mapping[str, Array], version: str) -> None:
        """
        Take what is normal from the weights in use, and start anew.

        A bank's own signature where it carries one; the clean reference, with all groups, for
        the weights it was recorded with; else clean images, as other weights have other features.
        """
        signature = Signature.in_weights(weights)
        if signature is None and version == self._reference.version:
            self._normal = self._reference.clean
        else:
            signature = signature or self._reference.signature
            self._normal = self._reference.about_domain(signature)
        self.reset()

    def update(self, observation: Observation) -> None:
        """Look at one frame. A frame with NaN or infinite features is skipped, never an alarm."""
        if self._detection is not None:
            self._restart(self._cool_down)
        features = self._normal.gather(observation.features)
        if not np.isfinite(features).all():
            return
        predicted = np.array([observation.predicted])
        residuals = self._normal.residuals(features[None], predicted)
        ratios = self._statistic.update(residuals, predicted)[0] / self._normal.thresholds
        self._ratio = float(ratios.max())
        self._n_until_armed = max(self._n_until_armed - 1, 0)
        self._n_suspected = self._n_suspected + 1 if self._ratio > _QUIET else 0
        if self._ratio > 1 and not self._n_until_armed:
            self._detection = self._detected(observation, ratios)

    def _restart(self, n_until_armed: int) -> None:
        self._statistic = RunStatistic(self._normal)
        self._n_until_armed, self._n_suspected = n_until_armed, 0
        self._ratio = 0.0
        self._detection = None

    def _detected(self, observation: Observation, ratios: Array) -> Detection:
        scale, which = np.unravel_index(int(ratios.argmax()), ratios.shape)
        strongest = list(self._normal.groups)[int(ratios[scale, 1:].argmax())]
        threshold = float(self._normal.thresholds[scale, which])
        severity = float(np.sqrt(np.mean(self._statistic.shift[0, scale] ** 2)))
        return Detection(
            detector='class_conditional',
            stamp_ns=observation.stamp_ns,
            statistic=float(ratios[scale, which]) * threshold,
            threshold=threshold,
            group=strongest,
            n_frames_suspected=self._n_suspected,
            details={
                'branch': strongest if which else ALL_GROUPS,
                'forgetting': f'{FORGETTING[scale]:.4f}',
                'severity': f'{severity:.2f} deviations',
            },
        )
