"""
Networks small enough to be trained here in NumPy, so that every seed of a benchmark has its own.

Straight-through estimators (Courbariaux et al., 2016), Adam, one process, seconds to a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from edge_adapt.networks.layers import Dense, Head, Threshold
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Weights
import numpy as np

LOGIT_SCALE = 16.0
STEP_WEIGHT, STEP_ACTIVATION = 1 / 64, 1 / 16  # fixed<8,2> and ufixed<8,4>


class Adam:
    def __init__(self, parameters: list[Array]) -> None:
        self._parameters, self._n_steps = parameters, 0
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: list[Array], rate: float) -> None:
        self._n_steps += 1
        n = self._n_steps
        for i, g in enumerate(gradients):
            self._first[i] = 0.9 * self._first[i] + 0.1 * g
            self._second[i] = 0.999 * self._second[i] + 0.001 * g * g
            mean, square = self._first[i] / (1 - 0.9**n), self._second[i] / (1 - 0.999**n)
            self._parameters[i] -= rate * mean / (np.sqrt(square) + 1e-8)


def errors_of(logits: Array, labels: Array) -> Array:
    """Return the gradient of the mean cross-entropy by the logits."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


def _sign(x: Array) -> Array:
    return np.where(x >= 0, np.float32(1), np.float32(-1))


@dataclass
class _Bnn:
    weights: list[Array]
    gammas: list[Array]
    betas: list[Array]
    head: Array
    bias: Array

    def forward(self, x: Array) -> tuple[list[tuple[Array, ...]], Array, Array]:
        """Return what each layer saw, the last bits, and the logits; batch normalization."""
        seen = []
        for w, gamma, beta in zip(self.weights, self.gammas, self.betas, strict=True):
            sums = x @ _sign(w).T
            deviation = sums.std(axis=0) + 1e-3
            normal = (sums - sums.mean(axis=0)) / deviation
            value = normal * gamma + beta
            seen.append((x, normal, deviation, value))
            x = _sign(value)
        return seen, x, x @ self.head.T / LOGIT_SCALE + self.bias

    def gradients(self, x: Array, labels: Array) -> list[Array]:
        seen, bits, logits = self.forward(x)
        errors = errors_of(logits, labels)
        below = errors @ self.head / LOGIT_SCALE
        parts = []
        for w, gamma, (source, normal, deviation, value) in zip(
            self.weights[::-1], self.gammas[::-1], seen[::-1], strict=True
        ):
            below = below * (np.abs(value) <= 1)
            part = [(below * normal).sum(axis=0), below.sum(axis=0)]
            d = below * gamma
            d = (d - d.mean(axis=0) - normal * (d * normal).mean(axis=0)) / deviation
            parts.append([d.T @ source * (np.abs(w) <= 1), *part])
            below = d @ _sign(w)
        by_kind = list(zip(*parts[::-1], strict=True))
        return [
            *by_kind[0],
            *by_kind[1],
            *by_kind[2],
            errors.T @ bits / LOGIT_SCALE,
            errors.sum(axis=0),
        ]


def binary_mlp(
    images: Array, labels: Array, seed: int, n_epochs: int, width: int = 256, n_batch: int = 64
) -> Model:
    """Return a binary h * w - width - width - 10 network trained on images (n, h, w, 1) uint8."""
    rng = np.random.default_rng(seed)
    x = images.reshape(len(images), -1).astype(np.float32) - 128
    sizes = [x.shape[1], width, width]
    net = _Bnn(
        [rng.normal(0, 0.3, (n_out, n_in)).astype(np.float32) for n_in, n_out in pairwise(sizes)],
        [np.ones(width, np.float32) for _ in '12'],
        [np.zeros(width, np.float32) for _ in '12'],
        rng.normal(0, 0.1, (10, width)).astype(np.float32),
        np.zeros(10, np.float32),
    )
    adam = Adam([*net.weights, *net.gammas, *net.betas, net.head, net.bias])
    n_steps = n_epochs * (len(x) // n_batch)
    for step in range(n_steps):
        if step % (len(x) // n_batch) == 0:
            order = rng.permutation(len(x))
        at = step % (len(x) // n_batch) * n_batch
        batch = order[at : at + n_batch]
        adam.step(net.gradients(x[batch], labels[batch]), 0.003 * (1 - step / n_steps) + 1e-5)
        for w in net.weights:
            np.clip(w, -1, 1, out=w)
    return _folded(net, x[rng.permutation(len(x))[:10_000]], images.shape[1:], seed)


def _folded(net: _Bnn, x: Array, shape: tuple[int, ...], seed: int) -> Model:
    """Fold batch normalization into thresholds by the statistics of x; the head into int8."""
    weights: dict[str, Array] = {}
    statistics: dict[str, Array] = {}
    for i, (w, gamma, beta) in enumerate(zip(net.weights, net.gammas, net.betas, strict=True), 1):
        sums = x @ _sign(w).T
        mean, deviation = sums.mean(axis=0), sums.std(axis=0) + 1e-3
        edge = mean - beta * deviation / gamma
        flips = gamma < 0
        thresholds = np.where(flips, np.floor(edge) + 1, np.ceil(edge)).astype(np.int32)
        x = np.where((sums >= thresholds) ^ flips, np.float32(1), np.float32(-1))
        weights |= {
            f'dense{i}.weights': _sign(w).astype(np.int8),
            f'threshold{i}.thresholds': thresholds,
            f'threshold{i}.flips': flips.astype(np.uint8),
        }
        statistics |= {
            f'threshold{i}.mean': mean.astype(np.float32),
            f'threshold{i}.deviation': deviation.astype(np.float32),
            f'threshold{i}.rate': (x > 0).mean(axis=0).astype(np.float32),
        }
    step = np.abs(net.head).max() / 127
    weights |= {
        'head.weights': np.rint(net.head / step).astype(np.int8),
        'head.bias': np.rint(net.bias * LOGIT_SCALE / step).astype(np.int32),
        'head.scale': np.asarray(step / LOGIT_SCALE, np.float32),
    }
    n_in, width = int(np.prod(shape)), net.head.shape[1]
    layers = (
        Dense(name='dense1', n_in=n_in, n_out=width),
        Threshold(name='threshold1', n=width),
        Dense(name='dense2', n_in=width, n_out=width),
        Threshold(name='threshold2', n=width),
        Head(name='head', n_in=width, n_classes=10),
    )
    network = Network(f'bnn-{seed}', shape, layers, tuple('0123456789'))  # type: ignore[arg-type]
    return Model(network, Weights(weights), statistics)


@dataclass
class QuantizedMlp:
    """784-64-32-10 with 8-bit weights and activations, after arXiv:2103.14007."""

    weights: list[Array]
    biases: list[Array]

    def features(self, x: Array) -> Array:
        """Return what the head reads of x (n, 784) in 0..1: (n, 32) uint8 in sixteenths."""
        for w, b in zip(self.weights[:2], self.biases[:2], strict=True):
            x = _activation(x @ _fixed(w).T + _fixed(b))
        return np.rint(x / STEP_ACTIVATION).astype(np.uint8)

    @property
    def head(self) -> Model:
        """The head as a network of its own, whose images (n, 1, 1, 32) are the features."""
        step = STEP_WEIGHT * STEP_ACTIVATION
        weights = {
            'head.weights': np.rint(_fixed(self.weights[2]) / STEP_WEIGHT).astype(np.int8),
            'head.bias': np.rint(_fixed(self.biases[2]) / step).astype(np.int32),
            'head.scale': np.asarray(step, np.float32),
        }
        layers = (Head(name='head', n_in=self.weights[2].shape[1], n_classes=10),)
        shape = (1, 1, self.weights[2].shape[1])
        return Model(Network('head', shape, layers, tuple('0123456789')), Weights(weights))


def _fixed(w: Array) -> Array:
    return np.clip(np.rint(w / STEP_WEIGHT), -127, 127) * np.float32(STEP_WEIGHT)


def _activation(z: Array) -> Array:
    return np.clip(np.rint(z / STEP_ACTIVATION), 0, 255) * np.float32(STEP_ACTIVATION)


def quantized_mlp(
    x: Array, labels: Array, seed: int, n_epochs: int, sizes: tuple[int, ...] = (784, 64, 32, 10)
) -> QuantizedMlp:
    """
    Return the network trained on x (n, n_in) in 0..1, quantization-aware.

    Adam at 0.001, batches of 256, weights and biases uniform within 1 / sqrt(n_in).
    """
    rng = np.random.default_rng(seed)
    net = QuantizedMlp(
        [
            (rng.uniform(-1, 1, (n_out, n_in)) / n_in**0.5).astype(np.float32)
            for n_in, n_out in pairwise(sizes)
        ],
        [
            (rng.uniform(-1, 1, n_out) / n_in**0.5).astype(np.float32)
            for n_in, n_out in pairwise(sizes)
        ],
    )
    adam, n_batch = Adam([*net.weights, *net.biases]), 256
    n_steps = n_epochs * (len(x) // n_batch)
    for step in range(n_steps):
        if step % (len(x) // n_batch) == 0:
            order = rng.permutation(len(x))
        at = step % (len(x) // n_batch) * n_batch
        batch = order[at : at + n_batch]
        values = [x[batch]]
        for i, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
            z = values[-1] @ _fixed(w).T + _fixed(b)
            values.append(_activation(z) if i < 2 else z)
        below = errors_of(values[-1], labels[batch])
        by_weight: list[Array] = []
        by_bias: list[Array] = []
        for i in (2, 1, 0):
            by_weight.insert(0, below.T @ values[i])
            by_bias.insert(0, below.sum(axis=0))
            below = below @ _fixed(net.weights[i]) * ((values[i] > 0) & (values[i] < 15.9))
        adam.step([*by_weight, *by_bias], 0.001)
    return net
