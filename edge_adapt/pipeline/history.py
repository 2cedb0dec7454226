"""How mixed the stream is: the classes it showed while the network still knew its world."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_adapt.pipeline.health import health
from edge_adapt.pipeline.likeness import standardized
from edge_adapt.records import F64, U8, Weights
from edge_adapt.updaters import Objective
import numpy as np

CAPACITY, ENOUGH = 96, 32  # frames kept, frames that tell something
MAX_STRIDE = 16  # frames


@dataclass(frozen=True, slots=True)
class Calm:
    """
    What the stream was like before a change.

    `n_classes` is the effective number of classes it showed, 0.0 where nobody knows;
    `mean_entropy` in nats says how sure the answers were; `features` (n, n_in), standardized, say
    what varied together, and have no rows where that is not known.
    """

    n_classes: float = 0.0
    mean_entropy: float = 0.0
    features: F64 = field(default_factory=lambda: np.zeros((0, 0)), compare=False)

    @staticmethod
    def of(objective: Objective, weights: Weights, images: U8) -> Calm:
        """Return what images (n, h, w, c) of a world that the network knows are like."""
        seen = health(objective, weights, images)
        features = standardized(objective, weights, images)
        return Calm(seen.n_classes_seen, seen.mean_entropy, features)


class History:
    """
    Frames of a domain that the network knows, spread over the time it was there.

    After a change no answer of a network tells whether the frames are of one class or of many:
    recalibrated on a single class, it spreads its answers over all of them. Before the change its
    answers could be trusted, and a camera that saw a mixture then will see one again. Neighbours
    of a camera stream show one thing, so where there are too many frames every second one goes,
    and only each second one comes from then on, until they are `MAX_STRIDE` frames apart.
    """

    def __init__(self, spacing: int = 1) -> None:
        self._spacing = spacing
        self._begin()
        self.calm = Calm()

    def _begin(self) -> None:
        self._images: list[U8] = []
        self._stride, self._n_seen = self._spacing, 0

    def add(self, image: U8) -> None:
        """Remember a network input (h, w, c)."""
        if self._n_seen % self._stride == 0:
            self._images.append(image)
        self._n_seen += 1
        if len(self._images) <= CAPACITY:
            return
        if self._stride < MAX_STRIDE * self._spacing:
            self._images = self._images[::2]
            self._stride *= 2
        else:
            self._images.pop(0)

    def close(self, objective: Objective, weights: Weights, n_suspected: int) -> Calm:
        """
        Return what was seen, and begin anew.

        The number of classes is the exponential of the entropy of the predicted classes, without
        the last `n_suspected` frames. Where too few frames were seen, what was known before holds.
        """
        n_known = len(self._images) - -(-n_suspected // self._stride)
        if n_known >= ENOUGH:
            self.calm = Calm.of(objective, weights, np.stack(self._images[:n_known]))
        self._begin()
        return self.calm
