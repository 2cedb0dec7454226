"""Small random networks and frames for the tests in the simulator."""

from __future__ import annotations

import itertools

from edge_adapt.networks.layers import (
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Projection,
    SumPool,
    Threshold,
)
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8, Weights
import numpy as np


def network_of(widths: tuple[int, ...], pixel_planes: int, n_classes: int = 10) -> Network:
    """Return a fully connected network; pixel_planes 1 puts a threshold on the pixels."""
    layers: list[Layer] = [Threshold(name='pixels', n=1)] if pixel_planes == 1 else []
    for index, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
        layers.append(Dense(name=f'dense{index}', n_in=n_in, n_out=n_out))
        layers.append(Threshold(name=f'bits{index}', n=n_out))
    layers.append(Head(name='head', n_in=widths[-1], n_classes=n_classes))
    names = tuple(str(label) for label in range(n_classes))
    return Network('accelerated', (1, widths[0], 1), tuple(layers), names)


def convolutions_of(
    size: tuple[int, ...],
    channels: tuple[int, ...],
    pools: tuple[bool, ...],
    widths: tuple[int, ...] = (),
    n_classes: int = 3,
) -> Network:
    """
    Return convolutions, fully connected layers and a head.

    channels are the colours and those of each convolution, widths those of the others.
    """
    layers: list[Layer] = []
    height, width = size
    input_shape = (height, width, channels[0])
    for index, (pool, (n_in, n_out)) in enumerate(
        zip(pools, itertools.pairwise(channels), strict=True)
    ):
        layers.append(Convolution(name=f'sums{index}', n_in=n_in, n_out=n_out))
        if pool:
            layers.append(MaxPool(name=f'pool{index}'))
            height, width = height // 2, width // 2
        layers.append(Threshold(name=f'bits{index}', n=n_out))
    widths = (height * width * channels[-1], *widths)
    for index, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
        layers.append(Dense(name=f'dense{index}', n_in=n_in, n_out=n_out))
        layers.append(Threshold(name=f'hidden{index}', n=n_out))
    layers.append(Head(name='head', n_in=widths[-1], n_classes=n_classes))
    names = tuple(str(label) for label in range(n_classes))
    return Network('convolved', input_shape, tuple(layers), names)


def levels_network_of(widths: tuple[int, ...], n_classes: int = 10) -> Network:
    """Return a fully connected network of 8-bit fixed point."""
    layers: list[Layer] = [SumPool(name='levels', size=1, shift=1)]
    for index, (n_in, n_out) in enumerate(itertools.pairwise(widths)):
        layers.append(Projection(name=f'neurons{index}', n_in=n_in, n_out=n_out))
    layers.append(Head(name='head', n_in=widths[-1], n_classes=n_classes))
    names = tuple(str(label) for label in range(n_classes))
    return Network('levels', (1, widths[0], 1), tuple(layers), names)


def random_weights(network: Network, seed: int, first_weight_bits: int = 1) -> Weights:
    """Return weights with thresholds near the sums' middle, flips, and extreme values."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    on_pixels = isinstance(network.layers[0], Dense | Convolution)
    spread = 1
    for layer in network.layers:
        match layer:
            case (
                Dense(name=name, n_in=n_in, n_out=n_out)
                | Convolution(name=name, n_in=n_in, n_out=n_out)
            ):
                wide = layer is network.layers[0] and first_weight_bits > 1
                legal = np.arange(-128, 128) if wide else np.array([-1, 1])
                shape = (n_out, n_in) if isinstance(layer, Dense) else (n_out, 3, 3, n_in)
                n_in = int(np.prod(shape[1:]))
                arrays[f'{name}.weights'] = rng.choice(legal, shape).astype(np.int8)
                first = on_pixels and layer is network.layers[0]
                spread = int(n_in**0.5) * (74 if first else 1) * (74 if wide else 1) + 1
            case Threshold(name=name, n=n):
                middle = 128 if layer is network.layers[0] else 0
                thresholds = middle + rng.integers(-spread, spread + 1, n)
                if n > 4:  # a neuron that never, and one that always fires
                    thresholds[:2] = (2**31 - 1, -(2**31))
                arrays[f'{name}.thresholds'] = thresholds.astype(np.int32)
                arrays[f'{name}.flips'] = rng.integers(0, 2, n).astype(np.uint8)
            case Projection(name=name, n_in=n_in, n_out=n_out):
                arrays[f'{name}.weights'] = rng.integers(-128, 128, (n_out, n_in)).astype(np.int8)
                spread = int(n_in**0.5) << 13
                offsets = rng.integers(-spread, spread, n_out).astype(np.int32)
                offsets[:2] = (2**26 - 1, -(2**26))  # saturated, whatever comes
                arrays[f'{name}.offsets'] = offsets
                arrays[f'{name}.shifts'] = rng.integers(4, 14, n_out).astype(np.uint8)
            case Head(name=name, n_in=n_in, n_classes=n_classes):
                head = rng.integers(-128, 128, (n_classes, n_in))
                arrays[f'{name}.weights'] = head.astype(np.int8)
                arrays[f'{name}.bias'] = rng.integers(-3000, 3000, n_classes).astype(np.int32)
                arrays[f'{name}.scale'] = np.asarray(1 / 256, np.float32)
    return Weights(arrays)


def random_images(network: Network, n: int, seed: int) -> U8:
    """Return n frames of uniform noise, the first all dark and the second all bright."""
    images = np.random.default_rng(seed).integers(0, 256, (n, *network.input_shape))
    images[:1], images[1:2] = 0, 255
    return images.astype(np.uint8)
