"""Networks that keep layers in float become layer records with larq's own features."""

from pathlib import Path
from typing import Any

from edge_adapt import registry
from edge_adapt.conversion.binary import pack
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node, Value
from edge_adapt.graphs.reader import read
from edge_adapt.networks.float_layers import DepthwiseConvolution, FloatConvolution, Scale
from edge_adapt.networks.layers import Convolution
from edge_adapt.networks.model import Model
import numpy as np
import pytest

HERE = Path(__file__).parent
MEAN, SCALE = np.array([127.5], np.float32), np.array([1 / 64], np.float32)
NETWORKS = ('tiny_quick_net', 'tiny_bi_real_net')
# Both compute in float32; a feature is a mean of some thousand sums, each rounded to half a unit
# in the last place, so features differ by a few such units: 1e-5 of values up to ten. A sign of a
# float that lies that close to 0 might differ and would move a feature far more; none does here.
TOLERANCE = 2e-5


def packed(name: str, images: np.ndarray) -> Model:
    """Convert a golden graph, its head rounded over the features of these images."""

    def features(model: Model, layer: str) -> np.ndarray:
        return values_of(model, 'popcount', images, layer)

    graph = read((HERE / f'{name}.onnx').read_bytes())
    return pack(name, graph, 'NHWC', MEAN, SCALE, features=features)


def values_of(model: Model, engine: str, images: np.ndarray, layer: str) -> np.ndarray:
    infer = registry.load('engines', engine)().prepare(model.network, model.weights)
    found: np.ndarray = infer(images, [layer]).taps[layer]
    return found


@pytest.mark.parametrize('engine', ['reference', 'popcount', 'onnx_runtime'])
@pytest.mark.parametrize('name', NETWORKS)
def test_a_network_of_the_zoo_gives_larqs_features_and_logits(name: str, engine: str) -> None:
    # python -m training.zoo NAME test/conversion/NAME.onnx (larq-zoo 2.4.0, larq 0.14.0,
    # TensorFlow 2.15.1, tf2onnx 1.17.0)
    with np.load(HERE / f'{name}.npz') as golden:
        images, features, logits = (golden[key] for key in ('images', 'features', 'logits'))
    model = packed(name, images)
    source = model.network.sources['quantize'][0]
    found = values_of(model, engine, images, source)
    np.testing.assert_allclose(found, features, rtol=0, atol=TOLERANCE)

    # The head is rounded: half a step a feature, half a scale a weight of up to 127 levels, and
    # half a scale of the bias.
    steps, scale = model.weights['quantize.steps'], model.weights['head.scale']
    weights = np.abs(model.weights['head.weights'].astype(np.float64))
    bound = scale * (weights.sum(axis=1) / 2 + 127 * len(steps) / 2 + len(steps) / 4 + 1)
    rounded = values_of(model, engine, images, 'head') * scale
    assert (np.abs(rounded - logits) <= bound).all()
    assert (rounded.argmax(axis=1) == logits.argmax(axis=1)).mean() >= 0.75


def test_strides_borders_and_widths_beside_64_are_kept() -> None:
    for name, border in (('tiny_quick_net', 1), ('tiny_bi_real_net', 0)):
        images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
        model = packed(name, images[:, :24, :24] if 'quick' in name else images)
        binary = [x for x in model.network.layers if isinstance(x, Convolution)]
        assert {layer.border for layer in binary} == {border}
        assert all(layer.n_out % 64 for layer in binary)
        assert (max(layer.stride for layer in binary) == 2) == (border == 0)
        assert any(isinstance(x, FloatConvolution) for x in model.network.layers)
        assert any(isinstance(x, DepthwiseConvolution) for x in model.network.layers)


def float_graph(**changes: Any) -> Graph:
    """Return a stem on pixels, a residual block in float, the mean, a head."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    constants = {
        'weights': normal(6, 3, 3, 3),
        'signs': np.where(normal(6, 6, 3, 3) < 0, -0.5, 0.5).astype(np.float32),
        'head': normal(6, 4),
        'bias': normal(4),
        'factor': normal(6, 1, 1),
    }
    nodes = {
        'stem': Node(
            'Conv', ('image', 'weights'), ('stem',), {'pads': (0, 0, 1, 1), 'strides': (2, 2)}
        ),
        'sign': Node('BipolarQuant', ('stem', 'one'), ('bits',), domain='qonnx.custom_op'),
        'long': Node('Conv', ('bits', 'signs'), ('long',), {'pads': (1, 1, 1, 1)}),
        'scaled': Node('Mul', ('long', 'factor'), ('scaled',)),
        'add': Node('Add', ('scaled', 'stem'), ('joined',)),
        'relu': Node('Relu', ('joined',), ('active',)),
        'mean': Node('GlobalAveragePool', ('active',), ('mean',)),
        'flat': Node('Flatten', ('mean',), ('flat',)),
        'dense': Node('Gemm', ('flat', 'head', 'bias'), ('out',)),
    }
    nodes |= changes.pop('nodes', {})
    constants |= {'one': np.array(1, np.float32), **changes.pop('constants', {})}
    return Graph(
        tuple(nodes.values()),
        constants,
        (Value('image', 'float32', (None, 3, 9, 9)),),
        (Value('out', 'float32', (None, 4)),),
    )


def converted(graph: Graph) -> Model:
    images = np.random.default_rng(1).integers(0, 256, (9, 9, 9, 3)).astype(np.uint8)
    mean, scale = np.array([10.5, 20, 30], np.float32), np.array([0.1, 0.2, 0.3], np.float32)

    def features(model: Model, layer: str) -> np.ndarray:
        return values_of(model, 'popcount', images, layer)

    return pack('floats', graph, 'NCHW', mean, scale, features=features)


def test_a_mean_a_channel_and_float_weights_make_a_float_stem() -> None:
    model = converted(float_graph())
    scale, stem = model.network.layers[:2]
    assert isinstance(scale, Scale)
    assert isinstance(stem, FloatConvolution)
    np.testing.assert_allclose(
        model.weights[f'{scale.name}.intercepts'], [-1.05, -4, -9], rtol=1e-6
    )
    assert (stem.padding, stem.extra_padding) == (0, 1)


def test_a_head_on_floats_needs_their_range() -> None:
    with pytest.raises(UsageError, match=r'the head reads floats: .* range'):
        pack('floats', float_graph(), 'NCHW', MEAN, SCALE)


@pytest.mark.parametrize(
    ('nodes', 'sentence'),
    [
        (
            {'long': Node('Conv', ('bits', 'signs'), ('long',), {'pads': (1, 0, 1, 1)})},
            "Conv 'long' pads its sides differently",
        ),
        (
            {'stem': Node('Conv', ('image', 'weights'), ('stem',), {'group': 2})},
            "Conv 'stem' has 2 groups: one, or one a channel can be packed",
        ),
        (
            {'mean': Node('AveragePool', ('active',), ('mean',), {'kernel_shape': (2, 3)})},
            "AveragePool 'mean' is not square",
        ),
        (
            {'mean': Node('ReduceMean', ('active',), ('mean',), {'axes': (1, 2)})},
            "ReduceMean 'mean' is no mean over height and width",
        ),
    ],
    ids=['uneven', 'grouped', 'oblong', 'axes'],
)
def test_what_cannot_stay_float_is_named_with_the_reason(
    nodes: dict[str, Node], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        converted(float_graph(nodes=nodes))
