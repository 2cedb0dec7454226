"""What all detectors share: finite frames only, warm-up, one event a drift, cool-down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from edge_adapt.drift._reference import Reference
from edge_adapt.records import Array, Detection, Observation
from edge_adapt.signals.groups import is_finite

WARM_UP, COOL_DOWN = 16, 200  # frames
_QUIET: Final = 0.25  # of the threshold: a change is thought to begin where this was left


class Sight(NamedTuple):
    """What one frame brought: a statistic and its threshold, the group that moved most."""

    statistic: float = 0.0
    threshold: float = 1.0
    group: str = ''
    details: Mapping[str, str] = MappingProxyType({})

    @property
    def ratio(self) -> float:
        """Return the statistic over its threshold: above 1 is drift."""
        return self.statistic / self.threshold


class Watcher(ABC):
    """
    A detector that says of every frame what it sees; when to tell is decided here.

    `warm_up` frames after a restart and `cool_down` frames after a detection are looked at but
    never alarm: one drift is one event, repeated only where nothing was done about it.
    """

    def __init__(
        self, reference: Reference, warm_up: int = WARM_UP, cool_down: int = COOL_DOWN
    ) -> None:
        if warm_up < 0 or cool_down < warm_up:
            raise ValueError(
                f'warm_up must be >= 0 and at most cool_down, got {warm_up} and {cool_down}'
            )
        self.reference = reference
        self._warm_up, self._cool_down = warm_up, cool_down
        self._detection: Detection | None = None
        self._sight = Sight()
        self._n_until_armed, self._n_suspected = warm_up, 0
        self._forget()

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
        """Return the statistic over its threshold after the latest update: above 1 is drift."""
        return self._sight.ratio

    def reset(self) -> None:
        """Forget all windows; what is normal stays. The next detection waits for the warm-up."""
        self._restart(self._warm_up)

    def rebase(self, weights: Mapping[str, Array], version: str) -> None:
        """Start anew with other weights, named by `version`; what is normal stays."""
        del weights, version
        self.reset()

    def update(self, observation: Observation) -> None:
        """Look at one frame. A frame with NaN or infinite features is skipped, never an alarm."""
        if self._detection is not None:
            self._restart(self._cool_down)
        if not is_finite(observation.features):
            return
        self._sight = sight = self._look(observation)
        ratio = sight.ratio
        if self._n_until_armed:
            self._n_until_armed -= 1
        self._n_suspected = self._n_suspected + 1 if ratio > _QUIET else 0
        if ratio > 1 and not self._n_until_armed:
            self._detection = self._detected(observation.stamp_ns)

    @abstractmethod
    def _look(self, observation: Observation) -> Sight:
        """Take one finite frame and say what is seen now."""

    @abstractmethod
    def _forget(self) -> None:
        """Forget all windows."""

    def _restart(self, n_until_armed: int) -> None:
        self._forget()
        self._n_until_armed, self._n_suspected = n_until_armed, 0
        self._sight, self._detection = Sight(), None

    def _detected(self, stamp_ns: int) -> Detection:
        return Detection(
            detector=self.__module__.rpartition('.')[2],
            stamp_ns=stamp_ns,
            statistic=self._sight.statistic,
            threshold=self._sight.threshold,
            group=self._sight.group,
            n_frames_suspected=self._n_suspected,
            details={'kind': self._kind(), **self._sight.details},
        )

    def _kind(self) -> str:
        """Return 'sudden' or 'gradual', by how long the statistic took to rise."""
        return 'sudden' if self._n_suspected <= _SUDDEN else 'gradual'


_SUDDEN: Final = 64  # frames from quiet to alarm
