"""
QuickNetSmall (Bannink et al., 2021, arXiv:2011.09398) at 224x224 with random weights, as ONNX.

The graph is what tf2onnx exports of larq-zoo's: signs as Sign, Add, Sign, a border of +1 by Pad.
"""

from __future__ import annotations

from edge_adapt.graphs import Graph, Node, Value
import numpy as np

INPUT_SHAPE = (224, 224, 3)
FILTERS, N_BLOCKS, N_CLASSES = (32, 64, 256, 512), 4, 1000
MEAN, SCALE = np.array([127.5], np.float32), np.array([1 / 64], np.float32)


class _Builder:
    """Collects nodes and constants; every method returns the name of what it made."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}
        self.rng = np.random.default_rng(0)

    def node(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f'{operator.lower()}{len(self.nodes)}'
        self.nodes.append(Node(operator, inputs, (name,), attributes, name=name))
        return name

    def constant(self, value: np.ndarray) -> str:
        name = f'constant{len(self.constants)}'
        self.constants[name] = value if value.dtype == np.int64 else value.astype(np.float32)
        return name

    def convolution(self, x: str, n_in: int, n_out: int, kernel: int, **attributes: object) -> str:
        shape = (n_out, n_in, kernel, kernel)
        weights = self.rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
        bias = self.constant(self.rng.normal(0, 0.1, n_out))
        return self.node('Conv', x, self.constant(weights), bias, **attributes)

    def norm(self, x: str, n: int, mean: float, variance: float) -> str:
        values = (self.rng.uniform(0.5, 1.5, n), self.rng.normal(0, 0.3, n))
        moments = (np.full(n, mean), np.full(n, variance))
        tensors = [self.constant(value) for value in (*values, *moments)]
        return self.node('BatchNormalization', x, *tensors, epsilon=1e-5)

    def binary_block(self, x: str, n: int) -> str:
        """Signs, 3x3 signs, relu, normalization, shortcut."""
        more = self.node('Add', self.node('Sign', x), self.constant(np.array(0.1)))
        bits = self.node('Sign', more)
        pads = self.constant(np.array([0, 0, 1, 1] * 2, np.int64))
        padded = self.node('Pad', bits, pads, self.constant(np.array(1.0)))
        signs = self.constant(self.rng.choice([-1.0, 1.0], (n, n, 3, 3)))
        sums = self.node('Relu', self.node('Conv', padded, signs))
        # The positive half of a normal sum of 9 n signs: mean 0.4, variance 0.34 of its variance.
        return self.node('Add', self.norm(sums, n, 0.4 * (9 * n) ** 0.5, 0.34 * 9 * n), x)

    def plain_block(self, x: str, n: int) -> str:
        """Who does not want signs: 3x3, relu, shortcut."""
        return self.node('Add', self.node('Relu', self.convolution(x, n, n, 3, pads=(1,) * 4)), x)

    def transition(self, x: str, n_in: int, n_out: int) -> str:
        """Blurred maxima, then another width (Zhang, 2019, arXiv:1904.11486)."""
        x = self.node('MaxPool', self.node('Relu', x), kernel_shape=(2, 2), strides=(1, 1))
        blur = np.outer([1, 2, 1], [1, 2, 1]) / 16
        kernel = self.constant(np.broadcast_to(blur, (n_in, 1, 3, 3)).copy())
        x = self.node('Conv', x, kernel, group=n_in, strides=(2, 2), pads=(1,) * 4)
        return self.convolution(x, n_in, n_out, 1)


def quick_net_small(binary: bool = True) -> Graph:
    """Return the network, or one of the same shapes without signs; input (1, 3, 224, 224)."""
    build = _Builder()
    pads = {'pads': (0, 0, 1, 1), 'strides': (2, 2)}
    x = build.node('Relu', build.convolution('image', 3, FILTERS[0] // 4, 3, **pads))
    x = build.convolution(x, 1, FILTERS[0] // 4, 3, group=FILTERS[0] // 4, **pads)
    x = build.convolution(x, FILTERS[0] // 4, FILTERS[0], 1)
    width = FILTERS[0]
    for n in FILTERS:
        if n != width:
            x, width = build.transition(x, width, n), n
        for _ in range(N_BLOCKS):
            x = build.binary_block(x, n) if binary else build.plain_block(x, n)
    x = build.node('Flatten', build.node('GlobalAveragePool', build.node('Relu', x)), axis=1)
    head = build.constant(build.rng.normal(0, 0.05, (width, N_CLASSES)))
    logits = build.node('MatMul', x, head)
    height, width, channels = INPUT_SHAPE
    inputs = (Value('image', 'float32', (1, channels, height, width)),)
    outputs = (Value(logits, 'float32', (1, N_CLASSES)),)
    return Graph(tuple(build.nodes), build.constants, inputs, outputs)
