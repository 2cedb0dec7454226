"""The answer of a track beside that of a frame: an output option, not adaptation."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt import front_end
from edge_adapt.pipeline.track_finder import TrackFinder
from edge_adapt.pipeline.track_vote import TrackVote
from edge_adapt.records import Frame, Prediction, U8, Weights

FOUND, TOLD = 'found', 'told'


class Voting:
    """Votes over the last `n_frames` of each track; tracks are `found`, or `told` by a tracker."""

    def __init__(self, n_frames: int, tracks: str = FOUND) -> None:
        self._vote = TrackVote(n_frames)
        self._finder = TrackFinder() if tracks == FOUND else None

    def __call__(
        self, frame: Frame, image: U8, prediction: Prediction, weights: Weights
    ) -> Prediction:
        """Return the prediction of the frame's track, this frame's own included."""
        track = frame.track
        if self._finder is not None:
            [restored] = front_end.restore(image[None], front_end.steps_of(weights))
            track = self._finder(restored)
        scores = self._vote(prediction.scores, track)
        return replace(prediction, scores=scores, label=int(scores.argmax()))
