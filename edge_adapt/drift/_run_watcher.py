"""What detectors A and B share: residuals about a `Normal`, and the statistic over runs."""

from __future__ import annotations

from edge_adapt.drift._normal import Normal
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._run_statistic import FORGETTING, RunStatistic
from edge_adapt.drift._watcher import COOL_DOWN, Sight, WARM_UP, Watcher
from edge_adapt.records import Observation
import numpy as np

ALL_GROUPS = 'all'


class RunWatcher(Watcher):
    """Alarms where the evidence of the runs, together or in one group, passes its threshold."""

    def __init__(
        self, reference: Reference, warm_up: int = WARM_UP, cool_down: int = COOL_DOWN
    ) -> None:
        self._normal = self._normal_of(reference)
        self._statistic = RunStatistic(self._normal)
        super().__init__(reference, warm_up, cool_down)

    def _normal_of(self, reference: Reference) -> Normal:
        return reference.clean

    @property
    def n_bytes(self) -> int:
        """The size of the state, in bytes."""
        return self._statistic.n_bytes

    def _watch(self, normal: Normal) -> None:
        self._normal = normal
        self.reset()

    def _forget(self) -> None:
        self._statistic = RunStatistic(self._normal)

    def _look(self, observation: Observation) -> Sight:
        predicted = np.array([observation.predicted])
        features = self._normal.gather(observation.features)[np.newaxis]
        residuals = self._normal.residuals(features, predicted)
        statistics = self._statistic.update(residuals, predicted)[0]
        ratios = statistics / self._normal.thresholds
        scale, which = np.unravel_index(int(ratios.argmax()), ratios.shape)
        if ratios[scale, which] <= 1:
            return Sight(float(ratios[scale, which]))
        strongest = list(self._normal.groups)[int(ratios[scale, 1:].argmax())]
        severity = float(np.sqrt(np.mean(self._statistic.shift[0, scale] ** 2)))
        details = {
            'branch': strongest if which else ALL_GROUPS,
            'forgetting': f'{FORGETTING[scale]:.4f}',
            'severity': f'{severity:.2f} deviations',
        }
        return Sight(
            float(statistics[scale, which]),
            float(self._normal.thresholds[scale, which]),
            self._group_of(strongest),
            details,
        )

    def _group_of(self, name: str) -> str:
        return name
