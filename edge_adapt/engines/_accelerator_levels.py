"""
What the accelerator reads of a network of 8-bit fixed point: SumPool, Projection ..., Head.

The pool makes levels of the pixels, outside; each projection is a row of neurons. A word holds
`lanes` / 8 weights, the first in the most significant byte; the word of a neuron is its shift in
5 bits and its offset in 27.
"""

from __future__ import annotations

from edge_adapt.engines import reference
from edge_adapt.engines._accelerator_words import U32
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Projection, SumPool
from edge_adapt.networks.network import Network
from edge_adapt.records import U8, Weights
import numpy as np

OFFSET_BITS, MAX_SHIFT = 27, 31


def widths_of(network: Network) -> tuple[int, ...]:
    """
    Return the widths of inputs and neurons.

    Raises UsageError unless the first layer makes a level of each pixel, and all others but the
    head are projections of the layer before.
    """
    pool, *body = network.layers[:-1]
    for layer in body:
        if not isinstance(layer, Projection) or layer.sources:
            raise UsageError(
                f'the accelerator cannot run layer {layer.name!r} ({type(layer).__name__}) of'
                f' {network.name!r}: after levels of pixels it runs projections'
            )
    if not isinstance(pool, SumPool) or pool.size != 1 or pool.shift < 1 or not body:
        raise UsageError(
            'the accelerator runs networks of levels that begin with SumPool(size=1, shift >= 1)'
            f' and a projection, got {pool}'
        )
    return (_projections(network)[0].n_in, *(layer.n_out for layer in _projections(network)))


def layer_words(network: Network, weights: Weights, lanes: int) -> list[U32]:
    """Return the words of all weights, then of all neurons. Raises UsageError for offsets."""
    layers, n_bytes = _projections(network), lanes // 8
    words = []
    for layer in layers:
        rows = weights[f'{layer.name}.weights']
        padded = np.pad(rows, ((0, 0), (0, -layer.n_in % n_bytes)))
        words.append(np.ascontiguousarray(padded).view('>u4').astype(np.uint32).reshape(-1))
    return [*words, *(_neuron_words(weights, layer.name) for layer in layers)]


def frame_bytes(network: Network, pixels: U8) -> U8:
    """Return the levels (n, n_pixels) of flat pixels, as bytes."""
    pool = network.layers[0]
    values = reference.apply(pool, Weights({}), pixels[:, :, None, None])
    return np.ascontiguousarray(values.reshape(len(pixels), -1)).view(np.uint8)


def _projections(network: Network) -> list[Projection]:
    return [layer for layer in network.layers if isinstance(layer, Projection)]


def _neuron_words(weights: Weights, name: str) -> U32:
    """Return {shift, offset} of each neuron of projection `name`."""
    offsets = weights[f'{name}.offsets'].astype(np.int64)
    shifts = np.minimum(weights[f'{name}.shifts'].astype(np.int64), MAX_SHIFT)
    limit = 1 << OFFSET_BITS - 1
    if not np.all((-limit <= offsets) & (offsets < limit)):
        raise UsageError(f'the accelerator has offsets below 2^26, got {offsets} in {name!r}')
    return (shifts << OFFSET_BITS | offsets & (2 * limit - 1)).astype(np.uint32)
