"""Graphs are read as the onnx package wrote them and written as it reads them."""

from edge_adapt.errors import UsageError
from edge_adapt.graphs import Graph, Node, Value
from edge_adapt.graphs.reader import read
from edge_adapt.graphs.writer import write
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import pytest


def small_graph() -> Graph:
    rng = np.random.default_rng(0)
    return Graph(
        nodes=(
            Node(
                'Conv',
                ('image', 'kernel'),
                ('sums',),
                {'pads': (1, 1, 1, 1), 'auto_pad': 'NOTSET', 'group': 1},
                name='first',
            ),
            Node('LeakyRelu', ('sums',), ('out',), {'alpha': 0.25}),
        ),
        constants={'kernel': rng.normal(size=(4, 3, 3, 3)).astype(np.float32)},
        inputs=(Value('image', 'float32', (None, 3, 8, 8)),),
        outputs=(Value('out', 'float32', (None, 4, 8, 8)),),
        metadata={'mean': '128'},
    )


def test_onnx_accepts_what_is_written() -> None:
    model = onnx.load_from_string(write(small_graph()))
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ['Conv', 'LeakyRelu']


def test_a_graph_comes_back_as_it_was_written() -> None:
    graph = small_graph()
    found = read(write(graph))
    assert (found.nodes, found.inputs, found.outputs) == (graph.nodes, graph.inputs, graph.outputs)
    assert (found.opset, found.metadata) == (graph.opset, graph.metadata)
    np.testing.assert_array_equal(found.constants['kernel'], graph.constants['kernel'])


@pytest.mark.parametrize('raw', [True, False])
@pytest.mark.parametrize('dtype', [np.float32, np.float64, np.int8, np.uint8, np.int32, np.int64])
def test_tensors_of_the_onnx_package_are_read_with_their_values(raw: bool, dtype: type) -> None:
    values: np.ndarray = (
        np.arange(-6 if np.dtype(dtype).kind != 'u' else 0, 6).astype(dtype).reshape(-1, 2)
    )
    number = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    data = values.tobytes() if raw else values.reshape(-1).tolist()
    tensor = helper.make_tensor('w', number, values.shape, data, raw=raw)
    found = read(model_of(tensor)).constants['w']
    np.testing.assert_array_equal(found, values)
    assert found.dtype == dtype


def test_a_tensor_in_another_file_is_refused_by_name() -> None:
    tensor = numpy_helper.from_array(np.ones(3, np.float32), 'w')
    tensor.ClearField('raw_data')
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key='location', value='../../etc/passwd')
    with pytest.raises(UsageError, match=r"'w' is in another file: external data are refused"):
        read(model_of(tensor))


def test_a_tensor_that_lies_about_its_shape_is_refused() -> None:
    tensor = numpy_helper.from_array(np.ones(3, np.float32), 'w')
    tensor.dims[:] = [1 << 40, 1 << 40]
    with pytest.raises(UsageError, match='holds 3 values'):
        read(model_of(tensor))


def test_subgraphs_are_not_read() -> None:
    empty = helper.make_graph([], 'then', [], [])
    node = helper.make_node('If', ['x'], ['y'], then_branch=empty, else_branch=empty)
    graph = helper.make_graph([node], 'g', [], [])
    with pytest.raises(UsageError, match=r"'.*_branch' of an operation is of kind 5"):
        read(helper.make_model(graph).SerializeToString())


@given(cut=st.integers(0, 10_000))
def test_a_truncated_file_is_a_sentence(cut: int) -> None:
    data = write(small_graph())
    with pytest.raises(UsageError):
        read(data[: cut % (len(data) - 30)])


@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_altered_bytes_give_a_graph_or_a_sentence(at: int, value: int) -> None:
    data = bytearray(write(small_graph()))
    data[at % len(data)] = value
    try:
        read(bytes(data))
    except UsageError as error:
        assert str(error)  # noqa: PT017 - either outcome is right, a crash is not


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_sentence(data: bytes) -> None:
    with pytest.raises(UsageError):
        read(data)


def model_of(tensor: TensorProto) -> bytes:
    out = helper.make_tensor_value_info('w', tensor.data_type, None)
    graph = helper.make_graph([], 'g', [], [out], initializer=[tensor])
    return bytes(helper.make_model(graph).SerializeToString())
