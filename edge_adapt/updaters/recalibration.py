"""
Threshold recalibration: move each threshold to where it was, seen from today's statistics.

A threshold layer folds batch normalization; new statistics re-normalize it without a label
(Schneider et al., NeurIPS 2020, arXiv:2006.16971, for networks with batch normalization). With
clean mean m and deviation s of the sums, and m', s' of the frames at hand,

    t' = m' + (t - m) * s' / s

layer by layer, each on what the already updated layers below it give. The features of somebody
else's network are rounded over their clean range; that range moves and widens by the same rule.
"""

from __future__ import annotations

from collections.abc import Iterator
import math

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Quantize, Threshold
from edge_adapt.records import Array, F64, I64, Samples, U8, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._integer_statistics import (
    n_above,
    range_thresholds,
    rate_thresholds,
    slopes,
)
from edge_adapt.updaters._moments import channel_moments
from edge_adapt.updaters._stateless import Stateless
import numpy as np

KINDS = ('deviation', 'mean', 'range', 'rate')
N_ITEMS = 1 << 14  # values held at a time: 64 kB, and twice that where they are squared
SMALLEST_RATIO = 1 / 64  # a channel gone silent stays on its side of the threshold


class Recalibration(Stateless):
    """
    Re-normalizes the thresholds of every layer on unlabelled frames of mixed classes.

    kind: 'deviation' matches mean and standard deviation; 'mean' shifts only; 'range' takes the
    deviation from minimum and maximum, without squares or roots per value (LightNorm,
    arXiv:2211.02686); 'rate' puts the threshold at the quantile that gives the clean firing rate.
    Both are whole numbers, as the accelerator has them (`_integer_statistics.py`).
    pseudo_count: how many clean frames the stored statistics stand for beside the new ones.
    """

    def __init__(self, kind: str = 'deviation', pseudo_count: int = 0) -> None:
        if kind not in KINDS:
            raise UsageError(f'there is no recalibration {kind!r}; there are: {", ".join(KINDS)}')
        if pseudo_count < 0:
            raise UsageError(f'pseudo_count must be >= 0, got {pseudo_count}')
        self._kind, self._pseudo_count = kind, pseudo_count

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """
        Yield the weights as they came after each layer, and recalibrated ones after the last.

        Half a recalibration is no improvement. Raises UsageError where there are no samples, or
        the model has no statistics.
        """
        if not len(samples):
            raise UsageError('recalibration needs frames, got none')
        better = weights
        layers = objective.network.recalibrated
        for layer in layers:
            better = better.replace(self._moved(objective, better, layer, samples.images))
            yield better if layer is layers[-1] else weights

    def _moved(
        self, objective: Objective, weights: Weights, layer: Threshold | Quantize, images: U8
    ) -> dict[str, Array]:
        """Return the layer's new tensors, for what it reads of the images under `weights`."""
        name, base = layer.name, objective.base
        parts = _values(objective, weights, layer, images)
        if isinstance(layer, Quantize):
            mean, gap, ratio = self._change(objective, layer, parts, len(images))
            offsets = mean + gap + (base[f'{name}.offsets'] - mean) * ratio
            steps = base[f'{name}.steps'] * ratio
            return {
                f'{name}.offsets': offsets.astype(np.float32),
                f'{name}.steps': steps.astype(np.float32),
            }
        if self._kind == 'rate':
            values = np.concatenate(list(parts))
            wanted = n_above(share_above(objective, layer), len(values))
            return {f'{name}.thresholds': rate_thresholds(values, wanted)}
        if self._kind == 'range' and not self._pseudo_count:
            values = np.concatenate(list(parts))
            clean = clean_slopes(objective, layer, len(values))
            return {f'{name}.thresholds': range_thresholds(values, clean)}
        mean, gap, ratio = self._change(objective, layer, parts, len(images))
        # sum >= t is sum > t - 1/2 for integers: the half keeps an unchanged world unchanged.
        centre = base[f'{name}.thresholds'] - 0.5
        moved = np.ceil(mean + gap + (centre - mean) * ratio)
        return {f'{name}.thresholds': moved.astype(np.int32)}

    def _change(
        self,
        objective: Objective,
        layer: Threshold | Quantize,
        parts: Iterator[Array],
        n_frames: int,
    ) -> tuple[F64, F64, F64]:
        """Return the clean mean, the way it moved, and the ratio of deviations, each (n,)."""
        mean = _clean(objective, layer, 'mean')
        deviation = _clean(objective, layer, 'deviation')
        share = n_frames / (n_frames + self._pseudo_count)
        gap, found = self._today(parts, mean, deviation)
        variance = share * found**2 + (1 - share) * deviation**2
        new_deviation = np.sqrt(variance + share * (1 - share) * gap**2)
        if self._kind == 'mean':
            new_deviation = deviation  # the shift alone is matched
        ratio = np.divide(
            new_deviation, deviation, out=np.ones_like(mean), where=deviation > 0
        ).clip(SMALLEST_RATIO)
        return mean, share * gap, ratio

    def _today(self, parts: Iterator[Array], mean: F64, deviation: F64) -> tuple[F64, F64]:
        """Return how far the mean of the values moved, and their deviation, each (n,)."""
        n, total, squares = 0, np.zeros_like(mean), np.zeros_like(mean)
        lowest, highest = np.full_like(mean, np.inf), np.full_like(mean, -np.inf)
        for values in parts:
            sums, of_squares = channel_moments(values)
            n, total, squares = n + len(values), total + sums, squares + of_squares
            if self._kind == 'range':
                lowest = np.minimum(lowest, values.min(axis=0))
                highest = np.maximum(highest, values.max(axis=0))
        today = total / n
        if self._kind == 'mean':
            found = deviation
        elif self._kind == 'range':
            # The expected range of n Gaussian values is about 2 sqrt(2 ln n) deviations.
            found = (highest - lowest) / (2 * np.sqrt(2 * np.log(max(2, n))))
        else:
            found = np.sqrt(np.maximum(squares / n - today**2, 0))
        return today - mean, found


def _values(
    objective: Objective, weights: Weights, layer: Threshold | Quantize, images: U8
) -> Iterator[Array]:
    """Yield what the layer reads, (n_values, n), of a few images at a time."""
    (source,) = objective.network.sources[layer.name]
    n_at_once = max(1, N_ITEMS // math.prod(objective.network.shapes[source]))
    for start in range(0, len(images), n_at_once):
        values = objective.value(weights, images[start : start + n_at_once], layer.name)
        yield values.reshape(-1, values.shape[-1])


def share_above(objective: Objective, layer: Threshold) -> F64:
    """Return how often each sum (n,) reached its threshold on clean data."""
    rate = _clean(objective, layer, 'rate')
    flips = objective.base[f'{layer.name}.flips']
    return np.asarray(np.where(flips != 0, 1 - rate, rate), np.float64)


def clean_slopes(objective: Objective, layer: Threshold, n_values: int) -> I64:
    """Return where each threshold (n,) lies in the clean range, in 1/256 of it."""
    mean, deviation = (_clean(objective, layer, kind) for kind in ('mean', 'deviation'))
    return slopes(objective.base[f'{layer.name}.thresholds'], mean, deviation, n_values)


def _clean(objective: Objective, layer: Threshold | Quantize, statistic: str) -> F64:
    """Return what the layer saw on clean data; UsageError where nobody recorded it."""
    try:
        return objective.statistics[f'{layer.name}.{statistic}'].astype(np.float64)
    except KeyError as error:
        raise UsageError(f'this model has no clean statistics {error}') from error
