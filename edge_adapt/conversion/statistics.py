"""What the thresholds of a network read on clean images: where recalibration returns to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8
import numpy as np

N_IMAGES = 4096
N_AT_ONCE = 64

Taps = Callable[[U8, Sequence[str]], Mapping[str, Array]]


def statistics_of(network: Network, taps: Taps, images: U8) -> dict[str, Array]:
    """
    Return '<threshold layer>.mean', '.deviation' of its sums and '.rate' of +1, each (n,) float32.

    `taps(images, names)` gives the values of layers, as an engine does.
    """
    statistics: dict[str, Array] = {}
    for layer in network.thresholds:
        (source,) = network.sources[layer.name]
        n, total, squares, ones = 0, *np.zeros((3, layer.n))
        for i in range(0, len(images), N_AT_ONCE):
            values = taps(images[i : i + N_AT_ONCE], [source, layer.name])
            sums = values[source].reshape(-1, layer.n).astype(np.float64)
            n += len(sums)
            total, squares = total + sums.sum(axis=0), squares + (sums**2).sum(axis=0)
            ones = ones + (values[layer.name].reshape(-1, layer.n) > 0).sum(axis=0)
        mean = total / n
        deviation = np.sqrt(np.maximum(squares / n - mean**2, 0))
        statistics |= {
            f'{layer.name}.mean': mean.astype(np.float32),
            f'{layer.name}.deviation': deviation.astype(np.float32),
            f'{layer.name}.rate': (ones / n).astype(np.float32),
        }
    return statistics
