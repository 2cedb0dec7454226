"""
How likely a scene as it looks is under a corruption, over how likely it is clean.

With x the means (n,) of a scene's image features, standardized and joined by their squares, a . x
is its score for a corruption. Levels cut the scores into pieces; a scene in piece j counts

    e_j = log P(piece j | corrupted) - log P(piece j | clean)

P(. | clean) is how many clean scenes that a was not fitted to lie there, of all and one more: by
exchange of scenes that holds for the next clean one however scores are distributed (Vovk,
Gammerman and Shafer, Algorithmic Learning in a Random World, 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge_adapt.records import Array, F32, F64
import numpy as np

SHORTEST: Final = 30  # frames of a scene: an interval holds so many scenes at most
_CLIP = 20.0  # deviations: a corruption may move a quiet feature by thousands
_CLIP_SQUARE = 30.0


@dataclass(frozen=True)
class Odds:
    """
    What scenes count for each of the corruptions `names`.

    centre, scale (n,), of a scene's means of image features;
    directions (n_corruptions, 2 n) and offsets (n_corruptions,): clean scores have mean 0 and
    deviation 1; levels (n_corruptions, n_pieces - 1), rising; evidence (n_corruptions, n_pieces)
    and thresholds (n_corruptions,) in nat.
    """

    names: tuple[str, ...]
    centre: F32
    scale: F32
    directions: F32
    offsets: F32
    levels: F32
    evidence: F32
    thresholds: F32

    def weigh(self, means: Array) -> Array:
        """Return what a scene with means (n,) of image features counts, (n_corruptions,) nat."""
        scores = self.directions @ described(means, self.centre, self.scale) - self.offsets
        pieces = (scores[:, np.newaxis] > self.levels).sum(axis=1)
        return np.asarray(self.evidence[np.arange(len(pieces)), pieces])


def described(means: Array, centre: Array, scale: Array) -> F64:
    """Return standardized means (..., n) and their squares, bounded; (..., 2 n)."""
    x = np.clip((np.asarray(means, np.float64) - centre) / scale, -_CLIP, _CLIP)
    return np.concatenate([x, np.minimum(x * x, _CLIP_SQUARE)], axis=-1)
