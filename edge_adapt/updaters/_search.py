"""
Search for a front end without labels: try each, recalibrate, and see how sure the answers are.

After recalibration all candidates give every layer its clean statistics, so that the entropy of
the answers ranks them; before it, entropy says little. A candidate must beat doing nothing by a
margin: false finds lower the entropy too, but by less.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge_adapt import front_end
from edge_adapt.errors import UsageError
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Samples, U8, Weights
from edge_adapt.signals import entropy, softmax
from edge_adapt.updaters import Objective
from edge_adapt.updaters._stateless import Stateless
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np


@dataclass(frozen=True, slots=True)
class Candidate:
    """A front end and its name; the first of a list has no steps: it is doing nothing."""

    name: str
    steps: Mapping[str, Array]


class Search(Stateless, ABC):
    """
    Chooses on n_choose frames spread over the samples, then recalibrates on all of them.

    margin_nats: how much lower the mean entropy must be than with recalibration alone.
    """

    def __init__(self, margin_nats: float, n_choose: int, recalibration: str) -> None:
        if n_choose < 1:
            raise UsageError(f'n_choose must be >= 1, got {n_choose}')
        self._margin_nats, self._n_choose = margin_nats, n_choose
        self._recalibration = Recalibration(recalibration)

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return the largest front end: two matrices, a table, a mask; the frames are few."""
        height, width, _ = network.input_shape
        return 4 * (height**2 + width**2) + 256 + height * width + 8

    @abstractmethod
    def candidates(self, images: U8) -> Iterator[Candidate]:
        """Yield the candidates for a stream of which images (n, h, w, c) are samples."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """
        Yield the best found after each candidate, and its recalibration on all samples last.

        Raises UsageError where there are no samples.
        """
        if not len(samples):
            raise UsageError('a search needs frames, got none')
        plain = Weights(front_end.without(weights))
        n_few = min(self._n_choose, len(samples))
        few = samples.take(np.linspace(0, len(samples) - 1, n_few).astype(np.intp))
        best, lowest, steps = plain, np.inf, {}
        for candidate in self.candidates(samples.images):
            tuned, found = self._try(objective, plain, candidate, few)
            if found + (self._margin_nats if candidate.steps else 0.0) < lowest:
                lowest, steps = found, dict(candidate.steps)
                lowest += self._margin_nats if candidate.steps else 0.0
                best = tuned.replace(front_end.tensors(steps))
            yield best
            if lowest < self._margin_nats:
                break  # entropy is not negative: nobody can be lower by the margin
        if n_few < len(samples):
            restored = Samples(front_end.restore(samples.images, steps), samples.labels)
            yield self._recalibrated(objective, plain, restored).replace(front_end.tensors(steps))

    def _try(
        self, objective: Objective, plain: Weights, candidate: Candidate, few: Samples
    ) -> tuple[Weights, float]:
        """Return recalibrated weights, without the front end, and the mean entropy in nats."""
        restored = Samples(front_end.restore(few.images, candidate.steps), few.labels)
        tuned = self._recalibrated(objective, plain, restored)
        scale = float(tuned[f'{objective.network.head.name}.scale'])
        logits = objective.logits(tuned, restored.images) * scale
        return tuned, float(entropy(softmax(logits)).mean())

    def _recalibrated(self, objective: Objective, weights: Weights, samples: Samples) -> Weights:
        *_, tuned = self._recalibration.improve(objective, weights, samples)
        return tuned
