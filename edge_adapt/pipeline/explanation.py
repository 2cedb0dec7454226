"""
The clearest explanation of some frames, as a judge of candidates where there are no labels.

Signals of one set of weights can be fooled: on inverted images a recalibrated network is as sure
and as diverse as on clean ones, and always wrong. So the frames are explained first: every move
and inversion of the image, each recalibrated, and the surest of them kept (`transform_search`).
Its answers stand in for labels. A candidate is good as far as it agrees with them more than the
incumbent does; where no transform beats recalibration alone, they are those of recalibration.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.records import I64, Samples, U8, UNKNOWN, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters.transform_search import TransformSearch
import numpy as np


@dataclass(frozen=True, slots=True)
class Explanation:
    """Frames (n, height, width, channels) and the class (n,) the clearest explanation gives."""

    images: U8
    answers: I64

    @staticmethod
    def of(
        objective: Objective, weights: Weights, images: U8, search: TransformSearch | None = None
    ) -> Explanation:
        """Explain frames of mixed classes; costs what the search costs."""
        search = search or TransformSearch(both_axes=False)
        frames = Samples(images, np.full(len(images), UNKNOWN))
        *_, clearest = search.improve(objective, weights, frames)
        answers = objective.logits(clearest, images).argmax(axis=1)
        return Explanation(images, answers.astype(np.int64))

    def agreement(self, objective: Objective, weights: Weights) -> float:
        """Return the share 0..1 of frames on which `weights` answer as the explanation does."""
        answers = objective.logits(weights, self.images).argmax(axis=1)
        return float((answers == self.answers).mean())
