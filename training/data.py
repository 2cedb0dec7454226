"""The images a recipe trains on, as its network sees them, and a split for choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_adapt import registry
from edge_adapt.records import Array, Samples
import numpy as np


@dataclass(frozen=True)
class Dataset:
    """
    Training and test images.

    `tracks` (n_train,) numbers what shows one object, so that a validation split never shares
    an object with what is trained on.
    """

    train: Samples
    test: Samples
    tracks: Array
    class_names: tuple[str, ...]

    def validation(self, share: float = 0.15, seed: int = 0) -> Dataset:
        """Return the same data with `share` of the training tracks in place of the test."""
        tracks = np.unique(self.tracks)
        rng = np.random.default_rng(seed)
        chosen = rng.choice(tracks, max(1, round(share * len(tracks))), replace=False)
        held_out = np.isin(self.tracks, chosen)
        return Dataset(
            self.train.take(~held_out),
            self.train.take(held_out),
            self.tracks[~held_out],
            self.class_names,
        )


def load(name: str, input_shape: tuple[int, int, int], parts: Sequence[str]) -> Dataset:
    """
    Return the images of stream `name` as network inputs: `parts` to train on, 'test' to judge by.

    Raises UsageError where the stream is not there.
    """
    stream = registry.load('streams', name)
    pools = [stream.pool(part) for part in parts]
    samples = [pool.samples(input_shape) for pool in pools]
    train = Samples(
        np.concatenate([x.images for x in samples]), np.concatenate([x.labels for x in samples])
    )
    tracks = np.concatenate([pool.tracks for pool in pools])
    test = stream.pool('test').samples(input_shape)
    return Dataset(train, test, tracks, stream.class_names)
