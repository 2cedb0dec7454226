"""How mixed the stream is: the classes it showed while the network still knew its world."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edge_adapt.pipeline.health import health
from edge_adapt.pipeline.likeness import standardized
from edge_adapt.records import F64, U8, Weights
from edge_adapt.updaters import Objective
import numpy as np

CAPACITY = 64
ENOUGH = CAPACITY // 2


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
    The latest frames of a domain that the network knows, one in `spacing`.

    After a change no answer of a network tells whether the frames are of one class or of many:
    recalibrated on a single class, it spreads its answers over all of them. Before the change its
    answers could be trusted, and a camera that saw a mixture then will see one again.
    """

    def __init__(self, spacing: int = 1) -> None:
        self._spacing = spacing
        self._images: deque[U8] = deque(maxlen=CAPACITY)
        self._n_seen = 0
        self.calm = Calm()

    def add(self, image: U8) -> None:
        """Remember a network input (h, w, c)."""
        if self._n_seen % self._spacing == 0:
            self._images.append(image)
        self._n_seen += 1

    def close(self, objective: Objective, weights: Weights, n_suspected: int) -> Calm:
        """
        Return what was seen, and begin anew.

        The number of classes is the exponential of the entropy of the predicted classes, without
        the last `n_suspected` frames. Where too few frames were seen, what was known before holds.
        """
        n_known = len(self._images) - -(-n_suspected // self._spacing)
        if n_known >= ENOUGH:
            images = np.stack(list(self._images)[:n_known])
            self.calm = Calm.of(objective, weights, images)
        self._images.clear()
        return self.calm
