"""
Whether frames are still the mixture they were, told by how features vary together.

Recalibration gives every feature its clean mean and rate back, on frames of one single class too;
it cannot forge which features rise and fall together, for that is what classes look like. So the
correlations before a change are the yardstick. With their products summed over pairs of features,

    likeness = before . after / (|before| max(|before|, |after|))

is 1 where the mixture is the same; classes that are missing take correlations away or add others.
Digits recalibrated on a mixture keep 0.74 and more whatever the camera does short of an inversion,
which recalibration does not mend (0.6); on one single class it is 0.4 to 0.8, mostly 0.5.
"""

from __future__ import annotations

from edge_adapt.records import F64, U8, Weights
from edge_adapt.updaters import Objective
import numpy as np


def standardized(objective: Objective, weights: Weights, images: U8) -> F64:
    """Return what the head reads of images, (n, n_in), of mean 0 and deviation 1, or all 0."""
    values = objective.value(weights, images, objective.network.head.name)
    x = values.reshape(len(images), -1).astype(np.float64)
    x -= x.mean(axis=0)
    deviations = x.std(axis=0)
    return np.asarray(np.where(deviations > 0, x / np.maximum(deviations, 1e-9), 0.0), np.float64)


def likeness(before: F64, after: F64) -> float:
    """Return how far two sets of standardized features vary together alike, 1 at most or about."""
    own, others = _square(before), _square(after)
    if own <= 0:
        return 0.0
    between = float(((before @ after.T) ** 2).mean()) - _n_shared(before, after)
    return between / float(np.sqrt(own * max(own, others)))


def _square(x: F64) -> float:
    """Return the squared correlations, summed over pairs; no frame is compared with itself."""
    products = x @ x.T
    n = len(x)
    others = float((products**2).sum() - (np.diag(products) ** 2).sum())
    return others / max(1, n * (n - 1)) - _n_shared(x, x)


def _n_shared(a: F64, b: F64) -> float:
    """Return how many features vary in both: the correlation of each with itself counts not."""
    return float(((a**2).mean(axis=0) * (b**2).mean(axis=0)).sum())
