"""
Features of all depths in a few levels: what a head for ever new classes should read.

The last layer of a trained network has dropped what its own classes did not need. Pooled values
of every layer, projected onto the principal components of images at hand, keep it: what a network
for Fashion-MNIST computes on its way tells the digits of MNIST apart far better than its last
layer does. The projection is made once, beforehand; only the head is learned on the robot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import math

from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import with_new_head
from edge_adapt.networks.layers import Head, Projection, SumPool
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import Array, F32, U8
import numpy as np

NAME = 'projection'
N_PIXEL_CELLS, N_BIT_CELLS = 7, 4  # pools leave at most so many rows and columns
HIGHEST = 127
SPREAD = 16.0  # a direction's deviation in levels: eight deviations fit either side
N_ROUNDS = 8  # of subspace iteration
_N_AT_ONCE = 256

Taps = Callable[[Model, U8, Sequence[str]], Mapping[str, Array]]


def with_projection(
    model: Model, taps: Taps, images: U8, class_names: Sequence[str] = (), n_out: int = 160
) -> Model:
    """
    Return the model with an empty head on n_out projected features of all its depths.

    images (n, height, width, channels) uint8 decide the projection and need no labels; UsageError
    where they are fewer than n_out, or where the network has no thresholds.
    `taps(model, images, names)` gives values of layers, as an engine does.
    """
    if len(images) < n_out:
        raise UsageError(f'{n_out} directions need as many images at least, got {len(images)}')
    network = model.network
    pools, sources = _pools(network)
    body = (*network.layers[:-1], *pools)
    shapes = Network('body', network.input_shape, body, ()).shapes
    n_in = sum(math.prod(shapes[name]) for name in sources)
    names = tuple(class_names) or network.class_names
    body = (*body, Projection(name=NAME, sources=sources, n_in=n_in, n_out=n_out))
    head = Head(name=network.head.name, n_in=n_out, n_classes=len(names))
    nothing = np.zeros((n_in, n_out)), np.zeros(n_in), np.ones(n_out)
    unfitted = with_new_head(model, body, head, names, _tensors(*nothing))
    x = _joined(unfitted, taps, images, sources)
    mean = x.mean(axis=0)
    x -= mean
    directions = _principal(x, n_out)
    deviations = (x @ directions).std(axis=0)
    return with_new_head(model, body, head, names, _tensors(directions, mean, deviations))


def _pools(network: Network) -> tuple[list[SumPool], tuple[str, ...]]:
    """Return pools of the image and of every layer of bits, and what the projection reads."""
    if not network.thresholds:
        raise UsageError(f'network {network.name!r} has no layers of bits to project')
    side = -(-max(network.input_shape[:2]) // N_PIXEL_CELLS)
    # A window of side * side pixels sums to at most 255 side^2: the shift brings it to a level.
    shift = max(0, math.ceil(math.log2(255 * side**2 / HIGHEST)))
    pools = [SumPool(name='pooled_input', sources=(INPUT,), size=side, shift=shift)]
    sources = ['pooled_input']
    for layer in network.thresholds:
        shape = network.shapes[layer.name]
        size = -(-max(shape[:-1], default=1) // N_BIT_CELLS)
        if size > 1:
            pools.append(SumPool(name=f'pooled_{layer.name}', sources=(layer.name,), size=size))
        sources.append(pools[-1].name if size > 1 else layer.name)
    return pools, tuple(sources)


def _joined(model: Model, taps: Taps, images: U8, sources: Sequence[str]) -> F32:
    """Return what the projection reads, (n, n_in)."""
    parts = []
    for start in range(0, len(images), _N_AT_ONCE):
        values = taps(model, images[start : start + _N_AT_ONCE], sources)
        flat = [values[name].reshape(len(values[name]), -1) for name in sources]
        parts.append(np.concatenate(flat, axis=1).astype(np.int8))
    return np.concatenate(parts).astype(np.float32)


def _principal(x: F32, n_out: int) -> F32:
    """Return the n_out principal directions (n_in, n_out) of centred x, by subspace iteration."""
    start = np.random.default_rng(0).normal(size=(x.shape[1], n_out)).astype(np.float32)
    basis = np.linalg.qr(start)[0]
    for _ in range(N_ROUNDS):
        basis = np.linalg.qr(x.T @ (x @ basis))[0]
    seen = x @ basis
    _, rotation = np.linalg.eigh(seen.T @ seen)
    return np.asarray(basis @ rotation[:, ::-1], np.float32)


def _tensors(directions: Array, mean: Array, deviations: Array) -> dict[str, Array]:
    """Return the projection in integers: half a level is added, so that the shift rounds."""
    largest = np.maximum(np.abs(directions).max(axis=0), 1e-9)
    weights = np.rint(directions / largest * HIGHEST).T
    sums = deviations * HIGHEST / largest
    shifts = np.rint(np.log2(np.maximum(sums / SPREAD, 1))).clip(0, 31).astype(np.int64)
    offsets = np.floor(2.0 ** (shifts - 1)) - np.rint(weights @ mean)
    return {
        f'{NAME}.weights': weights.astype(np.int8),
        f'{NAME}.offsets': offsets.astype(np.int32),
        f'{NAME}.shifts': shifts.astype(np.uint8),
    }
