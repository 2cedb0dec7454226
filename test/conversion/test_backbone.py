"""Somebody else's classifier keeps its answers when its last layer becomes an int8 head."""

from dataclasses import replace
from pathlib import Path

from edge_adapt import registry
from edge_adapt.conversion import backbone
from edge_adapt.conversion.backbone import layout_of, model_of, normalization_of, on_pixels, split
from edge_adapt.engines.onnx_runtime import OnnxRuntime
from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node, Value
from edge_adapt.graphs.reader import read
from edge_adapt.graphs.writer import write
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, quantize_static
import pytest

MEAN = np.array([123.7, 116.3, 103.5], np.float32)
SCALE = np.array([0.0171, 0.0175, 0.0174], np.float32)
N_FEATURES, N_CLASSES = 24, 6


def classifier(layout: str = 'NCHW', head: str = 'Gemm') -> Graph:
    """Conv, Relu, pooling, a linear layer and Softmax, with random weights."""
    rng = np.random.default_rng(0)
    constants = {
        'kernel': rng.normal(0, 0.4, (N_FEATURES, 3, 3, 3)).astype(np.float32),
        'weights': rng.normal(size=(N_CLASSES, N_FEATURES)).astype(np.float32),
        'bias': rng.normal(size=N_CLASSES).astype(np.float32),
    }
    nodes = [
        Node('Conv', ('x', 'kernel'), ('sums',), {'strides': (2, 2)}),
        Node('Relu', ('sums',), ('activations',)),
        Node('GlobalAveragePool', ('activations',), ('pooled',)),
        Node('Flatten', ('pooled',), ('features',)),
    ]
    if layout == 'NHWC':
        nodes.insert(0, Node('Transpose', ('image',), ('x',), {'perm': (0, 3, 1, 2)}))
    else:
        nodes.insert(0, Node('Identity', ('image',), ('x',)))
    if head == 'Gemm':
        nodes.append(Node('Gemm', ('features', 'weights', 'bias'), ('logits',), {'transB': 1}))
    else:
        constants['weights'] = np.ascontiguousarray(constants['weights'].T)
        nodes.append(Node('MatMul', ('features', 'weights'), ('product',)))
        nodes.append(Node('Add', ('bias', 'product'), ('logits',)))
    nodes.append(Node('Softmax', ('logits',), ('scores',)))
    shape = (None, 3, 20, 16) if layout == 'NCHW' else (None, 20, 16, 3)
    return Graph(
        tuple(nodes),
        constants,
        (Value('image', 'float32', shape),),
        (Value('scores', 'float32', (None, N_CLASSES)),),
    )


def images(n: int = 200) -> np.ndarray:
    rng = np.random.default_rng(1)
    low = rng.integers(0, 256, (n, 5, 4, 3))
    return low.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8)


def normalized(layout: str = 'NCHW') -> np.ndarray:
    x = (images().astype(np.float32) - MEAN) * SCALE
    return x if layout == 'NHWC' else np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def converted(graph: Graph) -> Model:
    parts = split(graph)
    parts = replace(parts, graph=on_pixels(parts.graph, layout_of(graph), MEAN, SCALE))
    data = write(parts.graph)
    features = OnnxRuntime().features(data, images(), N_FEATURES)
    return model_of('user', parts, data, features, tuple('abcdef'))


@pytest.mark.parametrize('head', ['Gemm', 'MatMul'])
@pytest.mark.parametrize('layout', ['NCHW', 'NHWC'])
def test_the_int8_head_keeps_the_labels_of_the_float_network(layout: str, head: str) -> None:
    graph = classifier(layout, head)
    (scores,) = onnxruntime.InferenceSession(write(graph)).run(None, {'image': normalized(layout)})
    model = converted(graph)
    infer = OnnxRuntime().prepare(model.network, model.weights)
    logits = infer(images()).logits
    # Eight bits of features and of weights move a logit by about a hundredth of its spread.
    assert (logits.argmax(axis=1) == scores.argmax(axis=1)).mean() >= 0.97
    assert infer.provider == 'CPUExecutionProvider'  # type: ignore[attr-defined]


def test_an_int8_qdq_network_is_split_as_well(tmp_path: Path) -> None:
    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.batches = iter([{'image': normalized()}])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.batches, None)

    (tmp_path / 'float.onnx').write_bytes(write(classifier()))
    quantize_static(tmp_path / 'float.onnx', tmp_path / 'qdq.onnx', Reader())
    graph = read((tmp_path / 'qdq.onnx').read_bytes())
    assert 'DequantizeLinear' in {node.operator for node in graph.nodes}
    (scores,) = onnxruntime.InferenceSession(tmp_path / 'qdq.onnx').run(
        None, {'image': normalized()}
    )
    model = converted(graph)
    logits = OnnxRuntime().prepare(model.network, model.weights)(images()).logits
    assert (logits.argmax(axis=1) == scores.argmax(axis=1)).mean() >= 0.95


def test_features_can_be_tapped_and_the_model_file_keeps_the_graph(tmp_path: Path) -> None:
    model = converted(classifier())
    model.save(tmp_path / 'user.model')
    again = Model.load(str(tmp_path / 'user.model'))
    infer = OnnxRuntime().prepare(again.network, again.weights)
    taps = infer(images(3), ['backbone', 'quantize']).taps
    assert taps['backbone'].shape == (3, N_FEATURES)
    assert taps['quantize'].dtype == np.int8
    assert infer(images(0)).logits.shape == (0, N_CLASSES)


@pytest.mark.parametrize('engine', ['reference', 'popcount'])
def test_other_engines_name_the_one_that_runs_a_backbone(engine: str) -> None:
    model = converted(classifier())
    with pytest.raises(UsageError, match='only engine onnx_runtime runs it'):
        registry.load('engines', engine)().prepare(model.network, model.weights)(images(1))


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_a_head_with_nan_or_infinity_is_refused(bad: float) -> None:
    graph = classifier()
    weights = graph.constants['weights'].copy()
    weights[2, 3] = bad
    with pytest.raises(UsageError, match='NaN or infinite'):
        split(replace(graph, constants={**graph.constants, 'weights': weights}))


def test_a_network_that_does_not_end_in_a_linear_layer_is_named() -> None:
    graph = classifier()
    graph = replace(graph, outputs=(Value('pooled', 'float32', (None, N_FEATURES, 1, 1)),))
    with pytest.raises(UsageError, match="the last layer is GlobalAveragePool 'pooled'"):
        split(graph)


def test_what_onnxruntime_cannot_load_is_told_by_the_child() -> None:
    model = converted(classifier())
    graph = read(model.weights['backbone.graph'].tobytes())
    broken = replace(graph, nodes=(*graph.nodes[:-1], replace(graph.nodes[-1], operator='Nope')))
    with pytest.raises(UsageError, match=r'onnxruntime cannot run this graph: .*Nope'):
        OnnxRuntime().features(write(broken), images(1), N_FEATURES)


def test_layout_comes_from_the_shape_or_is_asked_for() -> None:
    assert layout_of(classifier('NCHW')) == 'NCHW'
    assert layout_of(classifier('NHWC')) == 'NHWC'
    graph = replace(classifier(), inputs=(Value('image', 'float32', (1, 3, 9, 3)),))
    with pytest.raises(UsageError, match='give NCHW or NHWC'):
        layout_of(graph)


def test_normalization_comes_from_arguments_then_metadata_then_is_asked_for() -> None:
    graph = replace(classifier(), metadata={'mean': '1, 2,3', 'scale': '0.5'})
    mean, scale = normalization_of(graph, None, None)
    assert (mean.tolist(), scale.tolist()) == ([1, 2, 3], [0.5])
    assert normalization_of(graph, [7.0], None)[0].tolist() == [7]
    with pytest.raises(UsageError, match='does not say the mean'):
        normalization_of(classifier(), None, None)
    with pytest.raises(UsageError, match='one finite number or three'):
        normalization_of(graph, [1.0, 2.0], None)


@pytest.mark.parametrize(
    'value',
    [
        Value('image', 'float32', (None, 3, None, 16)),
        Value('image', 'int64', (None, 3, 20, 16)),
        Value('image', 'float32', (None, 60)),
    ],
    ids=['open size', 'integers', 'two axes'],
)
def test_an_input_that_is_no_image_is_refused(value: Value) -> None:
    with pytest.raises(UsageError, match=r'must be float32 or uint8|four axes'):
        backbone.image_input(replace(classifier(), inputs=(value,)))


def test_an_unknown_provider_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no provider 'Warp'; there are .*CPUExecution"):
        OnnxRuntime(provider='Warp')


def test_features_are_recalibrated_without_labels() -> None:
    model = converted(classifier())
    objective = EngineObjective(OnnxRuntime(), model)
    clean, dim = images(), (images() * 0.4 + 20).astype(np.uint8)
    labels = objective.logits(model.weights, clean).argmax(axis=1)
    samples = Samples(dim[:64], np.full(64, -1))

    *_, better = Recalibration().improve(objective, model.weights, samples)

    frozen = (objective.logits(model.weights, dim).argmax(axis=1) == labels).mean()
    adapted = (objective.logits(better, dim).argmax(axis=1) == labels).mean()
    assert adapted > frozen + 0.2
    assert better['backbone.graph'] is model.weights['backbone.graph']


@pytest.mark.parametrize('updater', ['row_es', 'cwr_star', 'one_plus_lambda', 'streaming_lda'])
def test_updaters_of_the_head_learn_on_levels(updater: str) -> None:
    model = converted(classifier())
    objective = EngineObjective(OnnxRuntime(), model)
    clean, dim = images(), (images() * 0.4 + 20).astype(np.uint8)
    labels = objective.logits(model.weights, clean).argmax(axis=1)
    samples = Samples(dim[::2], labels[::2])

    learner = registry.load('updaters', updater)()
    *_, better = learner.improve(objective, model.weights, samples)

    frozen = (objective.logits(model.weights, dim[1::2]).argmax(axis=1) == labels[1::2]).mean()
    adapted = (objective.logits(better, dim[1::2]).argmax(axis=1) == labels[1::2]).mean()
    assert adapted > frozen + 0.05
