"""What detectors A and B share: residuals about a `Normal`, and the statistic over runs."""

from __future__ import annotations

from edge_adapt.drift._normal import Normal
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._watcher import COOL_DOWN, Sight, WARM_UP, Watcher
from edge_adapt.drift._yardstick import Yardstick
from edge_adapt.records import Observation


class RunWatcher(Watcher):
    """Alarms where the evidence of the runs, together or in one group, passes its threshold."""

    def __init__(
        self, reference: Reference, warm_up: int = WARM_UP, cool_down: int = COOL_DOWN
    ) -> None:
        self._yardstick = Yardstick(self._normal_of(reference))
        super().__init__(reference, warm_up, cool_down)

    def _normal_of(self, reference: Reference) -> Normal:
        return reference.clean

    @property
    def n_bytes(self) -> int:
        """Return the size of the state, in bytes."""
        return self._yardstick.n_bytes

    def _watch(self, normal: Normal) -> None:
        self._yardstick = Yardstick(normal)
        self.reset()

    def _forget(self) -> None:
        self._yardstick.restart()

    def _look(self, observation: Observation) -> Sight:
        return self._yardstick.look(observation)
