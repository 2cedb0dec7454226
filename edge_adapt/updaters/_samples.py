"""What updaters of the head need of samples: labels they can learn from, and features."""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.records import Array, Samples, U8, Weights
from edge_adapt.updaters import Objective
import numpy as np


def labelled(objective: Objective, samples: Samples, n_classes_needed: int = 2) -> Samples:
    """Return the labelled samples; UsageError where they are too few, or of unknown classes."""
    known = samples.labelled
    n_classes = objective.network.head.n_classes
    classes = np.unique(known.labels)
    if len(classes) < n_classes_needed:
        raise UsageError(
            f'{len(known)} labelled samples of {len(classes)} classes cannot be learned from;'
            f' at least {n_classes_needed} classes are needed'
        )
    if len(classes) and not 0 <= classes[0] <= classes[-1] < n_classes:
        raise UsageError(f'labels must be 0..{n_classes - 1}, got {classes[0]}..{classes[-1]}')
    return known


def features(objective: Objective, weights: Weights, images: U8) -> Array:
    """Return what the head reads, flattened: (n, n_in)."""
    value = objective.value(weights, images, objective.network.head.name)
    return value.reshape(len(value), -1)
