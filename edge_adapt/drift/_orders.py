"""The orders in which clean frames may come: one class at a time, track by track, shuffled."""

from __future__ import annotations

from collections.abc import Callable

from edge_adapt.records import Array
import numpy as np

RUN_FRAMES = (30, 300)  # the shortest and the longest run of one class

# An order maps (classes, runs, n_frames, rng) to indices (n_frames,) into the record.
Order = Callable[[Array, Array, int, np.random.Generator], Array]


def shuffled(classes: Array, runs: Array, n_frames: int, rng: np.random.Generator) -> Array:
    """Draw every frame at random."""
    return rng.integers(len(classes), size=n_frames)


def class_runs(classes: Array, runs: Array, n_frames: int, rng: np.random.Generator) -> Array:
    """Draw runs of 30-300 frames of one class, never the same class twice in a row."""
    members = [np.flatnonzero(classes == k) for k in np.unique(classes)]
    return _one_after_the_other(
        n_frames, len(members), rng, lambda k, length: rng.choice(members[k], length)
    )


def tracks(classes: Array, runs: Array, n_frames: int, rng: np.random.Generator) -> Array:
    """Draw whole tracks at random, each in its own order."""
    members = [np.flatnonzero(runs == run) for run in np.unique(runs)]
    parts: list[Array] = []
    n_drawn = 0
    while n_drawn < n_frames:
        parts.append(members[rng.integers(len(members))])
        n_drawn += len(parts[-1])
    return np.concatenate(parts)[:n_frames]


def class_runs_of_tracks(
    classes: Array, runs: Array, n_frames: int, rng: np.random.Generator
) -> Array:
    """Draw whole tracks of one class until 30-300 frames are full, then of another class."""
    kept = [
        [np.flatnonzero(runs == run) for run in np.unique(runs[classes == k])]
        for k in np.unique(classes)
    ]

    def of_class(k: int, length: int) -> Array:
        parts: list[Array] = []
        while sum(map(len, parts)) < length:
            parts.append(kept[k][rng.integers(len(kept[k]))])
        return np.concatenate(parts)[:length]

    return _one_after_the_other(n_frames, len(kept), rng, of_class)


def _one_after_the_other(
    n_frames: int, n_classes: int, rng: np.random.Generator, of_class: Callable[[int, int], Array]
) -> Array:
    parts: list[Array] = []
    n_drawn, k = 0, int(rng.integers(n_classes))
    while n_drawn < n_frames:
        length = int(rng.integers(RUN_FRAMES[0], RUN_FRAMES[1] + 1))
        parts.append(of_class(k, length))
        n_drawn += length
        k = (k + int(rng.integers(1, max(n_classes, 2)))) % n_classes
    return np.concatenate(parts)[:n_frames]
