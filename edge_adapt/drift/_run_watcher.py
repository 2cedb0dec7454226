"""What detectors A and B share: residuals about a `Normal`, and the statistic over runs."""

from __future__ import annotations

from edge_adapt.drift._evidence import evidence_of
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._run_statistic import FORGETTING
from edge_adapt.drift._watcher import COOL_DOWN, Sight, WARM_UP, Watcher
from edge_adapt.records import Observation

ALL_GROUPS = 'all'


class RunWatcher(Watcher):
    """Alarms where the evidence of the runs, together or in one group, passes its threshold."""

    def __init__(
        self, reference: Reference, warm_up: int = WARM_UP, cool_down: int = COOL_DOWN
    ) -> None:
        self._normal = self._normal_of(reference)
        self._evidence = evidence_of(self._normal)
        super().__init__(reference, warm_up, cool_down)

    def _normal_of(self, reference: Reference) -> Normal:
        return reference.clean

    @property
    def n_bytes(self) -> int:
        """Return the size of the state, in bytes."""
        return self._evidence.n_bytes

    def _watch(self, normal: Normal) -> None:
        self._normal = normal
        self._evidence = evidence_of(normal)
        self.reset()

    def _forget(self) -> None:
        self._evidence.restart()

    def _look(self, observation: Observation) -> Sight:
        features = self._normal.gather(observation.features)
        ratio, place = self._evidence.update(features, observation.predicted)
        return Sight(ratio) if ratio <= 1 else self._told(place)

    def _told(self, place: int) -> Sight:
        """Return what is seen where the statistic at `place` passed its threshold."""
        thresholds, statistics = self._normal.thresholds, self._evidence.statistics()
        scale, which = divmod(place, thresholds.shape[1])
        ratios = statistics[scale, 1:] / thresholds[scale, 1:]
        strongest = list(self._normal.groups)[int(ratios.argmax())]
        details = {
            'branch': strongest if which else ALL_GROUPS,
            'forgetting': f'{FORGETTING[scale]:.4f}',
            'severity': f'{self._evidence.severity(scale):.2f} deviations',
        }
        return Sight(
            float(statistics[scale, which]), float(thresholds[scale, which]), strongest, details
        )
