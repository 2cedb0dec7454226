"""
Scenes in a row that look corrupted, each of another thing.

One dark scene says little: the world has dark scenes. Several in a row say that it got dark. A
scene is one observation however long it lasts, and what it counts is bounded (`_odds.py`), so that
no scene can alarm by itself; their sum over scenes falls to 0 at least (Page's CUSUM, 1954).

A scene ends where the network has come to name other things: the class of its first frame is
missed 9 times more often than seen. It lasts SHORTEST frames at least, for of a thing that is hard
to read the answers change while it is the same scene. Images alone are weighed, so this holds for
any weights.
"""

from __future__ import annotations

from typing import Final

from edge_adapt.drift._odds import Odds, SHORTEST
from edge_adapt.drift._scene_watcher import SceneWatcher
from edge_adapt.drift._watcher import Sight
from edge_adapt.records import Array, F64, Observation
from edge_adapt.signals import IMAGE_GROUPS, N_IMAGE_FEATURES, PIXELS
from edge_adapt.signals.groups import gather, span_of
import numpy as np

_MAX_MISSES: Final = 8  # frames, as long as the runs of detector A stay open
_LEAST: Final = 8  # frames of a scene that goes on, before it is looked at
_EVERY: Final = 4  # frames between looks at a scene that goes on
_LATEST: Final = 32  # frames that its mean remembers
_SPAN: Final = span_of(IMAGE_GROUPS)


class SceneOdds(SceneWatcher):
    """Alarms where scenes in a row look like one corruption; silent without odds of scenes."""

    def _forget(self) -> None:
        self._odds = self.reference.odds if self._is_clean else None
        self._sums: Array = np.zeros(0 if self._odds is None else len(self._odds.names))
        self._means: F64 = np.zeros(N_IMAGE_FEATURES)  # of the scene that goes on
        self._n_frames = self._n_missed = self._class = 0
        self._latest = Sight(group=PIXELS)

    def _look(self, observation: Observation) -> Sight:
        if self._odds is None:
            return Sight(group=PIXELS)
        self._add(self._odds, observation)
        if self._n_frames >= _LEAST and self._n_frames % _EVERY == 0:
            self._latest = self._seen(self._odds, self._sums + self._odds.weigh(self._means))
        return self._latest

    def _add(self, odds: Odds, observation: Observation) -> None:
        """Take a frame into the scene that goes on, or begin another with it."""
        features, predicted = (
            gather(observation.features, IMAGE_GROUPS, _SPAN),
            observation.predicted,
        )
        if self._n_frames:
            is_same = predicted == self._class
            self._n_missed = max(self._n_missed - 1, 0) if is_same else self._n_missed + 1
            if self._n_missed <= _MAX_MISSES or self._n_frames < SHORTEST:
                self._n_frames += 1
                self._means += (features - self._means) / min(self._n_frames, _LATEST)
                return
            self._sums = np.maximum(self._sums + odds.weigh(self._means), 0.0)
        self._class, self._n_missed, self._n_frames = predicted, 0, 1
        self._means = features.astype(np.float64)

    def _seen(self, odds: Odds, sums: Array) -> Sight:
        which = int((sums / odds.thresholds).argmax())
        found, threshold = float(sums[which]), float(odds.thresholds[which])
        return Sight(max(found, 0.0), threshold, PIXELS, {'branch': odds.names[which]})
