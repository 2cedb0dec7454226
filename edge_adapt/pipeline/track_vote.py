"""
Vote over the last frames of one object.

It is no adaptation: the weights stay as they are, and figures with it are reported apart. It
needs to know where one object ends: votes across two objects are worse than none.
"""

from __future__ import annotations

from collections import deque, OrderedDict

from edge_adapt.errors import UsageError
from edge_adapt.records import F32, UNKNOWN
import numpy as np

MAX_TRACKS = 64


class TrackVote:
    """
    Averages log-probabilities over the last `n_frames` of each track.

    A frame of unknown track votes alone. Of at most 64 tracks the votes are kept, those that were
    heard of last.
    """

    def __init__(self, n_frames: int = 5) -> None:
        if n_frames < 1:
            raise UsageError(f'n_frames must be >= 1, got {n_frames}')
        self._n_frames = n_frames
        self._votes: OrderedDict[int, deque[F32]] = OrderedDict()

    def __call__(self, scores: F32, track: int) -> F32:
        """Return the probabilities (n_classes,) of the track, its newest frame's included."""
        if track == UNKNOWN:
            return scores
        votes = self._votes.pop(track, None) or deque(maxlen=self._n_frames)
        if votes and votes[0].shape != scores.shape:
            votes.clear()  # a class was learned meanwhile
        votes.append(np.log(np.maximum(scores, 1e-6)))
        self._votes[track] = votes
        if len(self._votes) > MAX_TRACKS:
            self._votes.popitem(last=False)
        mean = np.exp(np.mean(votes, axis=0))
        return np.asarray(mean / mean.sum(), np.float32)
