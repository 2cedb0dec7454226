"""What is normal, with the evidence that has come up against it."""

from __future__ import annotations

from edge_adapt.drift._evidence import evidence_of
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._run_statistic import FORGETTING
from edge_adapt.drift._watcher import Sight
from edge_adapt.records import Observation

ALL_GROUPS = 'all'


class Yardstick:
    """Measures one frame after the other against `normal`."""

    def __init__(self, normal: Normal) -> None:
        self.normal, self._evidence = normal, evidence_of(normal)

    @property
    def n_bytes(self) -> int:
        """Return the size of the state, in bytes."""
        return self._evidence.n_bytes

    def restart(self) -> None:
        """Forget the evidence."""
        self._evidence.restart()

    def look(self, observation: Observation) -> Sight:
        """Take one finite frame; return the evidence, together or in the group that shows most."""
        features = self.normal.gather(observation.features)
        ratio, place = self._evidence.update(features, observation.predicted)
        return Sight(ratio) if ratio <= 1 else self._told(place)

    def _told(self, place: int) -> Sight:
        """Return what is seen where the statistic at `place` passed its threshold."""
        thresholds, statistics = self.normal.thresholds, self._evidence.statistics()
        scale, which = divmod(place, thresholds.shape[1])
        ratios = statistics[scale, 1:] / thresholds[scale, 1:]
        strongest = list(self.normal.groups)[int(ratios.argmax())]
        details = {
            'branch': strongest if which else ALL_GROUPS,
            'forgetting': f'{FORGETTING[scale]:.4f}',
            'severity': f'{self._evidence.severity(scale):.2f} deviations',
        }
        return Sight(
            float(statistics[scale, which]), float(thresholds[scale, which]), strongest, details
        )
