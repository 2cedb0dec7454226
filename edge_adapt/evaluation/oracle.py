"""
The oracle: what the updaters could do if they knew every label of the segment they are in.

It is a bound to look up to, and no learner: it is judged on the frames it was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge_adapt import registry
from edge_adapt.engines import Engine
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples, U8, UNKNOWN, Weights
import numpy as np

MAX_FRAMES = 2048  # a longer segment is taken in pieces, so that memory stays flat
HEADS = ('streaming_lda', 'sgd')


class Oracle:
    """
    Answers the frames of a segment when it has seen them all.

    Of the trained weights, the recalibrated ones, and heads learned on these by HEADS, it takes
    what is right most often on the frames themselves. Where no label is known it has no answer.
    """

    def __init__(self, engine: Engine, model: Model) -> None:
        self._engine, self._model = engine, model
        self._images: list[U8] = []
        self._labels: list[int] = []
        self.answers: list[int] = []

    def see(self, images: U8, labels: Sequence[int]) -> None:
        """Take the next frames of the segment: network inputs (n, h, w, c), true classes."""
        for image, label in zip(images, labels, strict=True):
            self._images.append(image)
            self._labels.append(label)
            if len(self._images) == MAX_FRAMES:
                self.finish()

    def finish(self) -> None:
        """Answer what was seen: the segment, or the stream, is over."""
        if self._images:
            samples = Samples(np.stack(self._images), np.array(self._labels, np.int64))
            self.answers += self._answered(samples)
            self._images.clear()
            self._labels.clear()

    def _answered(self, samples: Samples) -> list[int]:
        known = samples.labelled
        if not len(known):
            return [UNKNOWN] * len(samples)
        objective = EngineObjective(self._engine, self._model)

        def hits(weights: Weights) -> int:
            found = objective.logits(weights, known.images).argmax(axis=1)
            return int((found == known.labels).sum())

        best = max(_candidates(objective, samples), key=hits)
        answers: list[int] = objective.logits(best, samples.images).argmax(axis=1).tolist()
        return answers


def _candidates(objective: EngineObjective, samples: Samples) -> list[Weights]:
    """Return the trained weights and what the updaters make of the samples."""
    candidates = [objective.base]
    recalibrated = _improved('recalibration', objective, objective.base, samples)
    for start in (objective.base, recalibrated):
        candidates += [_improved(name, objective, start, samples.labelled) for name in HEADS]
    return [*candidates, recalibrated]


def _improved(
    updater: str, objective: EngineObjective, weights: Weights, samples: Samples
) -> Weights:
    """Return the best the updater yields; the weights as they were where it refuses."""
    best = weights
    try:
        for better in registry.load('updaters', updater)().improve(objective, weights, samples):
            best = better
    except UsageError:
        return weights
    return best
