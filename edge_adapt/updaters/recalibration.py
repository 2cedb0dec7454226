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

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Quantize, Threshold
from edge_adapt.records import Array, F64, I64, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._integer_statistics import (
    n_above,
    range_thresholds,
    rate_thresholds,
    slopes,
)
from edge_adapt.updaters._stateless import Stateless
import numpy as np

KINDS = ('deviation', 'mean', 'range', 'rate')
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
            values = objective.value(better, samples.images, layer.name)
            values = values.reshape(-1, values.shape[-1])
            better = better.replace(self._moved(objective, layer, values, len(samples)))
            yield better if layer is layers[-1] else weights

    def _moved(
        self, objective: Objective, layer: Threshold | Quantize, values: Array, n_frames: int
    ) -> dict[str, Array]:
        """Return the layer's new tensors, for the values (n_values, n) it reads today."""
        name, base = layer.name, objective.base
        if isinstance(layer, Quantize):
            mean, gap, ratio = self._change(objective, layer, values, n_frames)
            offsets = mean + gap + (base[f'{name}.offsets'] - mean) * ratio
            steps = base[f'{name}.steps'] * ratio
            return {
                f'{name}.offsets': offsets.astype(np.float32),
                f'{name}.steps': steps.astype(np.float32),
            }
        if self._kind == 'rate':
            wanted = n_above(share_above(objective, layer), len(values))
            return {f'{name}.thresholds': rate_thresholds(values, wanted)}
        if self._kind == 'range' and not self._pseudo_count:
            parts = clean_slopes(objective, layer, len(values))
            return {f'{name}.thresholds': range_thresholds(values, parts)}
        mean, gap, ratio = self._change(objective, layer, values, n_frames)
        # sum >= t is sum > t - 1/2 for integers: the half keeps an unchanged world unchanged.
        centre = base[f'{name}.thresholds'] - 0.5
        moved = np.ceil(mean + gap + (centre - mean) * ratio)
        return {f'{name}.thresholds': moved.astype(np.int32)}

    def _change(
        self, objective: Objective, layer: Threshold | Quantize, values: Array, n_frames: int
    ) -> tuple[F64, F64, F64]:
        """Return the clean mean, the way it moved, and the ratio of deviations, each (n,)."""
        mean = _clean(objective, layer, 'mean')
        deviation = _clean(objective, layer, 'deviation')
        share = n_frames / (n_frames + self._pseudo_count)
        gap = values.mean(axis=0) - mean
        variance = share * self._deviation(values, deviation) ** 2 + (1 - share) * deviation**2
        new_deviation = np.sqrt(variance + share * (1 - share) * gap**2)
        if self._kind == 'mean':
            new_deviation = deviation
        ratio = np.divide(
            new_deviation, deviation, out=np.ones_like(mean), where=deviation > 0
        ).clip(SMALLEST_RATIO)
        return mean, share * gap, ratio

    def _deviation(self, sums: Array, clean: F64) -> F64:
        """Return the deviation (n,) of sums (n_values, n)."""
        match self._kind:
            case 'mean':
                return clean
            case 'range':
                # The expected range of n Gaussian values is about 2 sqrt(2 ln n) deviations.
                scale = 2 * np.sqrt(2 * np.log(max(2, len(sums))))
                return np.asarray(np.ptp(sums, axis=0) / scale, dtype=np.float64)
        return np.asarray(sums.std(axis=0), dtype=np.float64)


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
