"""
From what larq learned to the integers of a network.

Batch normalization and sign become one threshold a channel, in float64:

    sigma = sqrt(variance + epsilon)        r = (mean - beta * sigma / gamma) / step
    gamma > 0: bit = sum >= ceil(r)         gamma < 0: bit = not (sum >= floor(r) + 1), a flip
    gamma = 0: bit = beta >= 0, always
"""

from __future__ import annotations

from collections.abc import Mapping

from edge_adapt.conversion.integers import largest_sums, thresholds_at
from edge_adapt.networks.layers import Convolution, Dense, Head, Layer, MaxPool, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, I32, U8, Weights
import numpy as np

from training.recipe import Recipe

PIXEL_SCALE = 1 / 128  # larq's input is (pixel - 128) / 128; ours is pixel - 128
_PIXEL_RANGE = 128


def network_of(recipe: Recipe, class_names: tuple[str, ...]) -> Network:
    """Return the layer records of a recipe."""
    layers: list[Layer] = []
    shape = list(recipe.input_shape)
    for index, how in enumerate(recipe.layers, start=1):
        name, n_out = f'linear{index}', how.n_out
        if how.kind == 'dense':
            layers.append(Dense(name=name, n_in=int(np.prod(shape)), n_out=n_out))
            shape = [n_out]
        else:
            layers.append(Convolution(name=name, n_in=shape[2], n_out=n_out))
            shape = [*shape[:2], n_out]
        if how.pooled:
            layers.append(MaxPool(name=f'pool{index}'))
            shape = [shape[0] // 2, shape[1] // 2, n_out]
        layers.append(Threshold(name=f'threshold{index}', n=n_out))
    layers.append(Head(name='head', n_in=int(np.prod(shape)), n_classes=len(class_names)))
    return Network(recipe.name, recipe.input_shape, tuple(layers), class_names)


def weights_of(network: Network, learned: Mapping[str, Array]) -> Weights:
    """Return the integers of `network` from larq's tensors ('norm1/beta', ...)."""
    arrays: dict[str, Array] = {}
    for layer in network.layers:
        name, number = layer.name, layer.name.lstrip('abcdefghijklmnopqrstuvwxyz')
        match layer:
            case Convolution() | Dense():
                arrays[f'{name}.weights'] = _integers(name, learned)
            case Threshold():
                step = learned['linear1/step'].reshape(-1) * PIXEL_SCALE if number == '1' else 1.0
                norm = {key: learned[f'norm{number}/{key}'] for key in _NORM}
                magnitude = _PIXEL_RANGE if number == '1' else 1
                reach = largest_sums(arrays[f'linear{number}.weights'], magnitude)
                thresholds, flips = fold(**norm, step=step, reach=reach)
                arrays |= {f'{name}.thresholds': thresholds, f'{name}.flips': flips}
            case Head():
                scale = learned['head/scale']
                arrays[f'{name}.weights'] = np.rint(learned['head/kernel'].T / scale).astype(
                    np.int8
                )
                arrays[f'{name}.bias'] = np.rint(learned['head/bias'] / scale).astype(np.int32)
                arrays[f'{name}.scale'] = np.asarray(scale, np.float32)
    return Weights(arrays)


_NORM = ('gamma', 'beta', 'moving_mean', 'moving_variance', 'epsilon')


def fold(
    gamma: Array,
    beta: Array,
    moving_mean: Array,
    moving_variance: Array,
    epsilon: Array,
    step: Array | float,
    reach: Array,
) -> tuple[I32, U8]:
    """
    Return (thresholds, flips) of one layer, both (n,).

    A sum times `step` is what batch normalization read; no sum leaves -`reach` .. `reach`.
    """
    gamma, beta = gamma.astype(np.float64), beta.astype(np.float64)
    sigma = np.sqrt(moving_variance.astype(np.float64) + epsilon)
    slope = np.where(gamma == 0, 1, gamma)
    root = (moving_mean - beta * sigma / slope) / step
    root = np.where(gamma == 0, np.where(beta >= 0, -np.inf, np.inf), root)
    return thresholds_at(root, gamma < 0, reach)


def _integers(name: str, learned: Mapping[str, Array]) -> Array:
    """Return int8 weights, outputs first: rounded in the first layer, signs in the others."""
    kernel = np.moveaxis(learned[f'{name}/kernel'], -1, 0)
    if name != 'linear1':
        return np.where(kernel >= 0, np.int8(1), np.int8(-1))
    step = learned['linear1/step'].reshape(-1, *[1] * (kernel.ndim - 1))
    return np.rint(kernel / step).astype(np.int8)
