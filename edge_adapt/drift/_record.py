"""A recording of clean frames, in the order in which the camera delivers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from edge_adapt.errors import UsageError
from edge_adapt.records import Array, F32, Observation, UNKNOWN
from edge_adapt.signals import Features
import numpy as np

_TRACK_FRAMES = 2  # on average: a scene is then longer than one frame


@dataclass(frozen=True)
class Record:
    """
    Observations as arrays: features group -> (n, size), predicted, classes and runs (n,).

    `classes` are the true classes where they are known, else the predicted ones: streams in class
    order are drawn by them, so that mistakes of the network come in runs as well.

    `runs` numbers the scenes: frames of one number are of one class and one scene (a camera
    track). Where `independent` holds, frames inside a run are as different as frames of any two
    runs of the class, as when a data set's images are drawn at random.
    """

    features: Mapping[str, F32]
    predicted: Array
    classes: Array
    runs: Array
    independent: bool = True

    def __len__(self) -> int:
        return len(self.predicted)

    @cached_property
    def vectors(self) -> F32:
        """Return all features side by side, (n, 60)."""
        return np.concatenate(list(self.features.values()), axis=-1)

    def observations(self, indices: Iterable[int]) -> Iterator[Observation]:
        """Give the frames at `indices` as a detector sees them, with a label as far as known."""
        for index in indices:
            predicted = int(self.predicted[index])
            error = float(predicted != self.classes[index])
            yield Observation(0, predicted, Features(self.vectors[index]), error)

    def take(self, indices: Array) -> Record:
        """Return the frames at `indices` (integers or a mask)."""
        features = {name: values[indices] for name, values in self.features.items()}
        return Record(
            features,
            self.predicted[indices],
            self.classes[indices],
            self.runs[indices],
            self.independent,
        )

    @staticmethod
    def of(
        observations: Iterable[Observation],
        labels: Sequence[int] = (),
        tracks: Sequence[int] = (),
    ) -> Record:
        """
        Return the record of observations in stream order; frames with NaN or infinity left out.

        `labels` and `tracks` name the class and the scene of each frame, UNKNOWN or nothing where
        nobody knows. Raises UsageError where no frame is left.
        """
        observations = list(observations)
        kept = [index for index, seen in enumerate(observations) if _is_finite(seen)]
        if not kept:
            raise UsageError('a reference needs clean frames, got none with finite features')
        features = {
            name: np.stack([observations[index].features[name] for index in kept])
            for name in observations[kept[0]].features
        }
        predicted = np.array([observations[index].predicted for index in kept])
        known = np.array([labels[index] for index in kept]) if len(labels) else predicted
        runs = np.array([tracks[index] for index in kept]) if len(tracks) else np.array(kept)
        return record_from(features, predicted, known, runs)


def record_from(
    features: Mapping[str, F32], predicted: Array, labels: Array, tracks: Array
) -> Record:
    """
    Return the record of n frames; labels and tracks (n,) are UNKNOWN where nobody knows.

    Frames are taken for independent where scenes are unknown or hardly longer than a frame.
    """
    classes = np.where(labels == UNKNOWN, predicted, labels)
    if UNKNOWN in tracks or len(tracks) < _TRACK_FRAMES * len(np.unique(tracks)):
        runs = np.arange(len(tracks)) if UNKNOWN in tracks else tracks
        return Record(features, predicted, classes, runs, independent=True)
    return Record(features, predicted, classes, tracks, independent=False)


def _is_finite(observation: Observation) -> bool:
    return all(np.isfinite(values).all() for values in observation.features.values())
