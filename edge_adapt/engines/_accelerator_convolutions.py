"""
What the accelerator's convolutions (hw/rtl/conv_engine.sv) read: geometry and parameters.

A layer is a convolution 3 x 3 with a border of ones, a maximum over 2 x 2 where there is one, and
a threshold. Its weights are those of a fully connected layer that reads windows, row by row,
channels last.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.engines._accelerator_words import (
    packed_rows,
    plane_rows,
    sum_bits,
    threshold_words,
    U32,
)
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Convolution, MaxPool, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
import numpy as np

WINDOW = 9
LANES_MIN = 32


@dataclass(frozen=True, slots=True)
class ConvolutionGeometry:
    """What one build of conv_engine runs: channels are the colours and those of each layer."""

    height: int
    width: int
    channels: tuple[int, ...]
    pools: tuple[bool, ...]
    lanes: int = 128
    first_weight_bits: int = 8

    def __post_init__(self) -> None:
        """Refuse what the hardware would refuse to elaborate."""
        last = self.channels[-1]
        if self.lanes % last and last % self.lanes:
            raise UsageError(
                f'{last} channels must divide the {self.lanes} lanes, or be multiples'
            )
        if 8 * self.channels[0] > self.lanes:
            raise UsageError(f'{self.channels[0]} colours do not fit a word of {self.lanes} bits')

    @property
    def n_places(self) -> int:
        """Pixels of an image, of whatever many colours."""
        return self.height * self.width

    @property
    def words(self) -> tuple[int, ...]:
        """Return what the number of a geometry is made of, beside the other layers."""
        return (
            self.height << 16 | self.width,
            self._halved,
            self.first_weight_bits,
            *self.channels,
        )

    @property
    def _halved(self) -> int:
        return sum(pool << layer for layer, pool in enumerate(self.pools))

    @property
    def parameters(self) -> dict[str, int | str]:
        """Return the parameters of the module `conv_engine`."""
        n_layers = len(self.pools)
        return {
            'Lanes': self.lanes,
            'FirstWeightBits': self.first_weight_bits,
            'NLayers': n_layers,
            **self._shape,
            'Pools': f"{n_layers}'h{self._halved:x}",
        }

    @property
    def accelerator_parameters(self) -> dict[str, int | str]:
        """Return the parameters of the module `accelerator` that say what comes first."""
        n_layers = len(self.pools)
        return {
            'NConvolutions': n_layers,
            'ConvWeightBits': self.first_weight_bits,
            **self._shape,
            'Pools': f"{n_layers + 1}'h{self._halved:x}",
        }

    @property
    def _shape(self) -> dict[str, int | str]:
        packed = sum(n << (16 * layer) for layer, n in enumerate(self.channels))
        return {
            'Height': self.height,
            'Width': self.width,
            'Channels': f"{16 * len(self.channels)}'h{packed:x}",
        }

    def lanes_of(self, layer: int) -> int:
        """Lanes of a layer: no more than its window can use."""
        wide = 1 << (WINDOW * self.channels[layer] - 1).bit_length()
        return min(max(wide, LANES_MIN), self.lanes)


@dataclass(frozen=True, slots=True)
class LayerWords:
    """Parameters of a layer: words (n, lanes / 32) of weights, and one a threshold."""

    weights: U32
    thresholds: U32


def convolutions_of(network: Network) -> list[tuple[Convolution, MaxPool | None, Threshold]]:
    """
    Return the convolutions that a network begins with.

    Raises UsageError where there are none, or one that the accelerator cannot run.
    """
    found: list[tuple[Convolution, MaxPool | None, Threshold]] = []
    layers = list(network.layers)
    while layers and isinstance(layers[0], Convolution):
        convolution, following = layers[0], layers[1]
        pool = following if isinstance(following, MaxPool) else None
        threshold = layers[2] if pool else following
        if not isinstance(threshold, Threshold) or not _runs(convolution, pool, not found):
            raise UsageError(
                f'the accelerator cannot run convolution {convolution.name!r}: it runs 3 x 3 of'
                ' stride 1 with a border of ones (pixels: zero point 128), a maximum over 2 x 2'
                ' where there is one, and a threshold'
            )
        found.append((convolution, pool, threshold))
        del layers[: 3 if pool else 2]
    if not found:
        raise UsageError(f'network {network.name!r} does not begin with a convolution')
    return found


def n_layers_of(network: Network) -> int:
    """Return how many layers belong to the convolutions."""
    return sum(3 if pool else 2 for _, pool, _ in convolutions_of(network))


def geometry_of(network: Network, weights: Weights, lanes: int = 128) -> ConvolutionGeometry:
    """Return what runs the convolutions of a network. Raises UsageError where nothing does."""
    layers = convolutions_of(network)
    first = weights[f'{layers[0][0].name}.weights']
    wide = bool(np.any(np.abs(first.astype(np.int16)) != 1))
    height, width, n_colours = network.input_shape
    return ConvolutionGeometry(
        height,
        width,
        (n_colours, *(convolution.n_out for convolution, _, _ in layers)),
        tuple(pool is not None for _, pool, _ in layers),
        lanes,
        8 if wide else 1,
    )


def layer_words(network: Network, weights: Weights, lanes: int = 128) -> list[LayerWords]:
    """Return the parameters of each layer."""
    geometry = geometry_of(network, weights, lanes)
    words = []
    for index, (convolution, _, threshold) in enumerate(convolutions_of(network)):
        rows = weights[f'{convolution.name}.weights'].reshape(convolution.n_out, -1)
        n_lanes = geometry.lanes_of(index)
        wide = index == 0 and geometry.first_weight_bits > 1
        packed = plane_rows(rows, n_lanes) if wide else packed_rows(rows, convolution, n_lanes)
        planes = 8 if index == 0 else 1
        limit = 1 << sum_bits([rows.shape[1]], planes, 8 if wide else 1) - 1
        words.append(
            LayerWords(
                packed.reshape(-1, n_lanes // 32), threshold_words(weights, threshold.name, limit)
            )
        )
    return words


def _runs(convolution: Convolution, pool: MaxPool | None, is_first: bool) -> bool:
    border = convolution.zero_point == 128 if is_first else convolution.border == 1
    shape = (convolution.kernel, convolution.stride, convolution.padding)
    extra = convolution.extra_padding == 0 and not convolution.sources
    return border and extra and shape == (3, 1, 1) and (pool is None or pool.size == 2)
