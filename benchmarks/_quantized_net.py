"""A network of 8-bit fixed point for MNIST, trained here in seconds: what qnn_engine runs."""

from __future__ import annotations

import itertools

from edge_adapt.networks.layers import Head, Projection, SumPool
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, F32, U8, Weights
import numpy as np

WIDTHS = (784, 64, 32, 10)
SHIFT = 6  # weights in 1/64: fixed<8, 2>
HIGHEST = 127  # a level of 1
N_EPOCHS, N_BATCH, LEARNING_RATE = 6, 100, 2e-3
BETAS = 0.9, 0.999


def quantized_net(images: U8, labels: Array, seed: int) -> Model:
    """
    Train 784-64-32-10 with weights and levels rounded on the way forward, Adam on the way back.

    images (n, 28, 28) uint8. Levels saturate at +-127, a hard tanh; the gradient passes where they
    do not.
    """
    rng = np.random.default_rng(seed)
    x = (images.reshape(len(images), -1) >> 1).astype(np.float32) / HIGHEST
    tensors = [
        part
        for n_in, n_out in itertools.pairwise(WIDTHS)
        for part in (
            rng.normal(0, n_in**-0.5, (n_out, n_in)).astype(np.float32),
            np.zeros(n_out, np.float32),
        )
    ]
    moments = [(np.zeros_like(tensor), np.zeros_like(tensor)) for tensor in tensors]
    n_steps = 0
    for _ in range(N_EPOCHS):
        for batch in rng.permutation(len(x)).reshape(-1, N_BATCH):
            n_steps += 1
            gradients = _gradients(tensors, x[batch], labels[batch])
            for tensor, gradient, pair in zip(tensors, gradients, moments, strict=True):
                _adam(tensor, gradient, pair, n_steps)
    return _model(tensors)


def _rounded(weights: F32) -> F32:
    """Return weights as fixed<8, 2> holds them."""
    steps = np.float32(1 << SHIFT)
    return np.asarray(np.rint(weights * steps).clip(-HIGHEST, HIGHEST) / steps, np.float32)


def _gradients(tensors: list[F32], x: F32, labels: Array) -> list[F32]:
    values, inside = [x], []
    for index in range(0, len(tensors), 2):
        sums = values[-1] @ _rounded(tensors[index]).T + tensors[index + 1]
        inside.append(np.abs(sums) < 1)
        values.append(np.rint(sums.clip(-1, 1) * HIGHEST) / HIGHEST)
    exponents = np.exp(sums - sums.max(axis=1, keepdims=True))
    error = exponents / exponents.sum(axis=1, keepdims=True)
    error[np.arange(len(x)), labels] -= 1
    error /= len(x)
    gradients: list[F32] = []
    for index in reversed(range(0, len(tensors), 2)):
        layer = index // 2
        gradients[:0] = [error.T @ values[layer], error.sum(axis=0)]
        if layer:
            error = (error @ _rounded(tensors[index])) * inside[layer - 1]
    return gradients


def _adam(tensor: F32, gradient: F32, moments: tuple[F32, F32], n_steps: int) -> None:
    """Move a tensor in place (Kingma and Ba, 2015)."""
    first, second = moments
    first += (1 - BETAS[0]) * (gradient - first)
    second += (1 - BETAS[1]) * (gradient**2 - second)
    rate = LEARNING_RATE * (1 - BETAS[1] ** n_steps) ** 0.5 / (1 - BETAS[0] ** n_steps)
    tensor -= rate * first / (np.sqrt(second) + 1e-8)


def _model(tensors: list[F32]) -> Model:
    """Return the integers: offsets carry the half that rounds."""
    arrays: dict[str, Array] = {}
    for layer, (weights, bias) in enumerate(zip(tensors[::2], tensors[1::2], strict=True)):
        name = 'head' if layer == len(WIDTHS) - 2 else f'neurons{layer}'
        steps = np.rint(_rounded(weights) * (1 << SHIFT)).astype(np.int8)
        offset = np.rint(bias * (HIGHEST << SHIFT)).astype(np.int32)
        arrays[f'{name}.weights'] = steps
        if name == 'head':
            arrays['head.bias'] = offset
            arrays['head.scale'] = np.asarray(1 / (HIGHEST << SHIFT), np.float32)
        else:
            arrays[f'{name}.offsets'] = offset + np.int32(1 << SHIFT - 1)
            arrays[f'{name}.shifts'] = np.full(len(offset), SHIFT, np.uint8)
    layers = (
        SumPool(name='levels', size=1, shift=1),
        Projection(name='neurons0', n_in=WIDTHS[0], n_out=WIDTHS[1]),
        Projection(name='neurons1', n_in=WIDTHS[1], n_out=WIDTHS[2]),
        Head(name='head', n_in=WIDTHS[2], n_classes=WIDTHS[3]),
    )
    names = tuple(str(label) for label in range(WIDTHS[3]))
    return Model(Network('quantized', (28, 28, 1), layers, names), Weights(arrays), {})
