"""A graph of signs becomes layer records with larq's own logits, or is refused by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge_adapt import registry
from edge_adapt.conversion.binary import pack
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node, Value
from edge_adapt.graphs.reader import read
from edge_adapt.graphs.writer import write
from edge_adapt.networks.layers import Add, Convolution
from edge_adapt.networks.model import Model
import numpy as np
import onnxruntime
import pytest

HERE = Path(__file__).parent
MEAN, SCALE = np.array([128], np.float32), np.array([1 / 128], np.float32)
ENGINES = ('reference', 'popcount', 'onnx_runtime')


def larq_graph() -> Graph:
    return read((HERE / 'larq.onnx').read_bytes())


def logits_of(model: Model, engine: str, images: np.ndarray) -> np.ndarray:
    infer = registry.load('engines', engine)().prepare(model.network, model.weights)
    scaled: np.ndarray = infer(images).logits * model.weights['head.scale']
    return scaled


@pytest.mark.parametrize('engine', ENGINES)
def test_a_network_exported_from_larq_gives_larqs_logits(engine: str) -> None:
    # python -m training.golden test/conversion (larq 0.14.0, TensorFlow 2.15.1, tf2onnx 1.17.0)
    model = pack('larq', larq_graph(), 'NHWC', MEAN, SCALE)
    with np.load(HERE / 'larq.npz') as golden:
        found = logits_of(model, engine, golden['images'])
        # All scales are powers of two, so even the float logits are exact.
        np.testing.assert_array_equal(found, golden['logits'])
    assert any(model.weights[f'{x.name}.flips'].any() for x in model.network.thresholds)


def signs_graph(**changes: Any) -> Graph:
    """Two layers of signs with a shortcut between them, and a head: as QONNX writes it."""
    rng = np.random.default_rng(3)

    def norm(n: int) -> list[np.ndarray]:
        return [
            rng.normal(size=n).astype(np.float32),
            rng.normal(size=n).astype(np.float32),
            rng.normal(0, 4, n).astype(np.float32),
            rng.uniform(1, 9, n).astype(np.float32),
        ]

    names = ('gamma', 'beta', 'mean', 'variance')
    constants: dict[str, np.ndarray] = {
        'first': rng.integers(-127, 128, (6, 1, 3, 3)).astype(np.float32) / 64,
        'second': np.where(rng.random((6, 6, 3, 3)) < 0.5, 1, -1).astype(np.float32),
        'third': np.where(rng.random((6, 6, 3, 3)) < 0.5, 1, -1).astype(np.float32),
        'one': np.array(1, np.float32),
        'head': rng.integers(-90, 91, (6 * 25, 4)).astype(np.float32) / 32,
        'bias': rng.integers(-99, 99, 4).astype(np.float32) / 32,
        'pads': np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        'border': np.array(-1, np.float32),
    }
    for index in (1, 2):
        constants |= {f'{x}{index}': y for x, y in zip(names, norm(6), strict=True)}
    nodes = {
        'conv1': Node('Conv', ('image', 'first'), ('conv1',), {'pads': (1, 1, 1, 1)}),
        'norm1': Node('BatchNormalization', ('conv1', *(f'{x}1' for x in names)), ('norm1',), {}),
        'sign1': Node('BipolarQuant', ('norm1', 'one'), ('sign1',), domain='qonnx.custom_op'),
        'pad': Node('Pad', ('sign1', 'pads', 'border'), ('padded',)),
        'kernel': Node('BipolarQuant', ('second', 'one'), ('kernel',), domain='qonnx.custom_op'),
        'conv2': Node('Conv', ('padded', 'kernel'), ('conv2',)),
        'conv3': Node('Conv', ('padded', 'third'), ('conv3',)),
        'add': Node('Add', ('conv2', 'conv3'), ('joined',)),
        'norm2': Node('BatchNormalization', ('joined', *(f'{x}2' for x in names)), ('norm2',), {}),
        'sign2': Node('BipolarQuant', ('norm2', 'one'), ('sign2',), domain='qonnx.custom_op'),
        'flat': Node('Flatten', ('sign2',), ('flat',)),
        'dense': Node('MatMul', ('flat', 'head'), ('product',)),
        'out': Node('Add', ('product', 'bias'), ('out',)),
    }
    constants |= changes.pop('constants', {})
    nodes |= changes
    return Graph(
        tuple(nodes.values()),
        constants,
        (Value('image', 'float32', (None, 1, 5, 5)),),
        (Value('out', 'float32', (None, 4)),),
    )


def in_plain_onnx(graph: Graph) -> Graph:
    """Write BipolarQuant of scale 1 as larq does: Sign, a little more, Sign."""
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.operator != 'BipolarQuant':
            nodes.append(node)
            continue
        x, (out,) = node.inputs[0], node.outputs
        nodes += [
            Node('Sign', (x,), (f'{out}/sign',)),
            Node('Add', (f'{out}/sign', 'little'), (f'{out}/more',)),
            Node('Sign', (f'{out}/more',), (out,)),
        ]
    constants = {**graph.constants, 'little': np.array(0.1, np.float32)}
    return replace(graph, nodes=tuple(nodes), constants=constants)


@pytest.mark.parametrize('form', [lambda graph: graph, in_plain_onnx], ids=['qonnx', 'larq'])
def test_a_shortcut_flips_and_a_border_of_minus_one_agree_with_onnxruntime(
    form: Callable[[Graph], Graph],
) -> None:
    model = pack('signs', form(signs_graph()), 'NCHW', MEAN, SCALE)
    images = np.random.default_rng(0).integers(0, 256, (200, 5, 5, 1)).astype(np.uint8)
    session = onnxruntime.InferenceSession(write(in_plain_onnx(signs_graph())))
    x = (images.transpose(0, 3, 1, 2).astype(np.float32) - MEAN) * SCALE
    (expected,) = session.run(None, {'image': x})

    found = logits_of(model, 'reference', images)

    # Sums are exact in float32; only batch norm rounds, and no sum here lies at a threshold.
    np.testing.assert_array_equal(found, expected)
    layers = model.network.layers
    assert any(isinstance(layer, Add) for layer in layers)
    assert {x.border for x in layers if isinstance(x, Convolution)} == {1, -1}
    assert model.weights['threshold1.flips'].any()


def test_a_head_that_is_no_int8_is_rounded() -> None:
    rng = np.random.default_rng(1)
    head = rng.normal(size=(150, 4)).astype(np.float32)
    exact = pack('signs', signs_graph(constants={'head': head}), 'NCHW', MEAN, SCALE)
    scale = exact.weights['head.scale']
    # The columns of the graph are ordered channel, height, width; the records' channels come last.
    ours = head.T.reshape(4, 6, 5, 5).transpose(0, 2, 3, 1).reshape(4, -1)
    assert np.abs(exact.weights['head.weights'] * scale - ours).max() <= scale / 2 * 1.001


def gelu() -> Node:
    return Node('Gelu', ('norm1',), ('sign1',), name='activation')


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'sign1': gelu()}, r"Gelu 'activation' cannot be packed; known are Add, Average"),
        (
            {'norm1': Node('Concat', ('conv1', 'conv1'), ('norm1',), {'axis': 1})},
            r"Concat 'norm1' cannot be packed; no layer joins the channels of two others",
        ),
        (
            {'constants': {'third': np.random.default_rng(0).normal(size=(6, 6, 3, 3))}},
            r"Conv 'conv3': its weights are not \+-1 times one number an output",
        ),
        (
            {'constants': {'border': np.array(0.5, np.float32)}},
            r"Pad 'padded' pads bits with 0.5, which is neither \+1, -1 nor 0",
        ),
        (
            {'conv3': Node('Conv', ('padded', 'third'), ('conv3',), {'dilations': (2, 2)})},
            r"Conv 'conv3' is dilated or not square",
        ),
        (
            {'norm1': Node('Identity', ('conv9',), ('norm1',))},
            r"Identity 'norm1' reads 'conv9', which is nothing that was packed",
        ),
        ({'out': Node('Relu', ('product',), ('out',))}, "Relu 'out' of logits cannot be packed"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else '',
)
def test_what_cannot_be_packed_is_named_with_the_reason(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        pack('signs', signs_graph(**changes), 'NCHW', MEAN, SCALE)


def test_a_wrong_number_of_class_names_is_refused() -> None:
    with pytest.raises(UsageError, match='4 classes, 2 names'):
        pack('signs', signs_graph(), 'NCHW', MEAN, SCALE, ('a', 'b'))
