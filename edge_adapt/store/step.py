"""
How far an update moves the weights: the bound on what one update may do.

Poisoned frames or labels steer a learner by many steps or by one large one. The large one is
measured here: the root mean square of the change of a tensor, in units of what it is made of.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import never_wins
from edge_adapt.networks.model import Model
from edge_adapt.records import Array, Weights
import numpy as np


def largest_step(model: Model, before: Weights, after: Weights) -> tuple[float, str]:
    """
    Return the largest relative step among the network's tensors, and the tensor's name.

    The unit of thresholds is the deviation of the sums they cut, where the model knows it; of a
    head's biases the size of the sums they are added to; of every other tensor its own root mean
    square in the model, at least one. Of a head, those classes count that both have learned.
    """
    # Most updates replace a few tensors: what is the same array in both need not be measured.
    steps = [
        (_root_mean_square(_change(model, name, before, after)) / _unit(model, name), name)
        for name in model.weights
        if name in after and name in before and after[name] is not before[name]
    ]
    return max(steps, default=(0.0, ''))


def check_step(model: Model, before: Weights, after: Weights, max_step: float) -> None:
    """
    Raise UsageError where the largest step is above `max_step`.

    What counts is the way from `before` or from the model's own weights, whichever is shorter:
    from one far domain to the opposite one an update passes the trained weights.
    """
    step, name = min(largest_step(model, origin, after) for origin in (before, model.weights))
    if step > max_step:
        raise UsageError(
            f'the update moves {name!r} by {step:.1f} times its size, at most {max_step:g} is'
            ' allowed in one step'
        )


def _change(model: Model, name: str, before: Weights, after: Weights) -> Array:
    """Return after - before, where a comparison says something."""
    head = model.network.head.name
    old, new = _wide(before[name]), _wide(after[name])
    if name in (f'{head}.weights', f'{head}.bias'):
        n = min(len(old), len(new))
        never = never_wins(model.network)
        learned = [w[f'{head}.bias'][:n] > never for w in (before, after)]
        old, new = old[:n][learned[0] & learned[1]], new[:n][learned[0] & learned[1]]
    return np.asarray(new - old)


def _unit(model: Model, name: str) -> float:
    layer, _, tensor = name.rpartition('.')
    statistics: Mapping[str, Array] = model.statistics
    if tensor == 'thresholds' and f'{layer}.deviation' in statistics:
        return max(1.0, _root_mean_square(_wide(statistics[f'{layer}.deviation'])))
    if tensor == 'bias':
        rows = _wide(model.weights[f'{layer}.weights'])
        return max(1.0, _root_mean_square(rows) * float(np.sqrt(rows.shape[-1])))
    least = 0.0 if model.weights[name].dtype.kind == 'f' else 1.0
    return max(least, _root_mean_square(_wide(model.weights[name]))) or 1.0


def _wide(array: Array) -> Array:
    return np.asarray(array, np.float64)


def _root_mean_square(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0
