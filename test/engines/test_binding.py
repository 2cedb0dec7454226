"""The native module refuses what does not fit with a sentence, and never crashes."""

from collections.abc import Callable
from types import ModuleType

from edge_adapt import native
from edge_adapt.engines._program import Program
from edge_adapt.engines.popcount import NativeInfer, Popcount
from edge_adapt.networks.layers import Convolution, Dense, Head, MaxPool, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest

MakeWeights = Callable[..., Weights]

NETWORK = Network(
    'small',
    (8, 8, 1),
    (
        Convolution(name='a', n_in=1, n_out=64),
        MaxPool(name='pool'),
        Threshold(name='a_bits', n=64),
        Dense(name='c', n_in=1024, n_out=70),
        Threshold(name='c_bits', n=70),
        Head(name='head', n_in=70, n_classes=10),
    ),
    tuple('0123456789'),
)
IMAGES = np.random.default_rng(11).integers(0, 256, (5, 8, 8, 1)).astype(np.uint8)


def prepare(weights: Weights) -> NativeInfer:
    infer = Popcount().prepare(NETWORK, weights)
    assert isinstance(infer, NativeInfer)
    return infer


@pytest.mark.parametrize('name', ['heads', 'biases', 'features', 'labels', 'n_correct', 'margins'])
def test_a_population_of_another_type_or_shape_is_refused_by_name(
    name: str, module: ModuleType, kernel: str
) -> None:
    arrays: dict[str, np.ndarray] = {
        'heads': np.ones((2, 3, 8), np.int8),
        'biases': np.zeros((2, 3), np.int32),
        'features': np.ones((4, 8), np.int8),
        'labels': np.zeros(4, np.int64),
        'n_correct': np.zeros(2, np.int64),
        'margins': np.zeros(2, np.int64),
    }
    module.score_heads(kernel, *arrays.values())
    for wrong in (arrays[name].astype(np.float32), arrays[name][..., None], None):
        with pytest.raises(ValueError, match=f'{name} must be .* got'):
            module.score_heads(kernel, *{**arrays, name: wrong}.values())
    with pytest.raises(ValueError, match='labels must be'):
        module.score_heads(kernel, *{**arrays, 'labels': np.full(4, 3)}.values())


def test_features_that_are_no_signs_are_left_to_numpy(module: ModuleType, kernel: str) -> None:
    heads, biases = np.ones((1, 2, 3), np.int8), np.zeros((1, 2), np.int32)
    labels, found = np.zeros(1, np.int64), np.full((2, 1), 7)
    for features in (np.zeros((1, 3), np.int8), np.array([[1, -1, 2]], np.int8)):
        assert not module.score_heads(kernel, heads, biases, features, labels, *found)
        assert found.tolist() == [[7], [7]]


WRONG_ARRAYS = [
    np.zeros((1, 8, 8, 1), np.float32),
    np.zeros((1, 8, 8, 2), np.uint8),
    np.zeros((1, 8, 8, 2), np.uint8)[..., ::2],
    np.zeros((8, 8, 1), np.uint8),
    np.zeros((1, 8, 8, 1), np.int8),
    np.zeros((), np.uint8),
    'text',
    None,
    7,
]


@pytest.mark.parametrize('images', WRONG_ARRAYS, ids=lambda x: str(getattr(x, 'dtype', x)))
def test_images_of_another_kind_are_refused_with_expected_and_got(
    images: object, kernel: str, random_weights: MakeWeights
) -> None:
    runner = prepare(random_weights(NETWORK))._runner(())
    with pytest.raises(ValueError, match=r'images must be .* of uint8, shape \(any, 8, 8, 1, \)'):
        runner.run(images, np.zeros((1, 10), np.int32), ())


@pytest.mark.parametrize(
    'logits',
    [
        np.zeros((1, 10), np.int64),
        np.zeros((2, 10), np.int32),
        np.zeros((1, 9), np.int32),
        np.zeros((1, 20), np.int32)[:, ::2],
        np.broadcast_to(np.int32(0), (1, 10)),
        bytes(40),
    ],
    ids=str,
)
def test_logits_that_cannot_be_written_are_refused(
    logits: object, kernel: str, random_weights: MakeWeights
) -> None:
    runner = prepare(random_weights(NETWORK))._runner(())
    with pytest.raises(ValueError, match=r'logits must be .* of int32, .*got'):
        runner.run(IMAGES[:1], logits, ())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_array_runs_or_is_refused(random_weights: MakeWeights, data: st.DataObject) -> None:
    if native.module() is None:
        pytest.skip('the native kernels are not built')
    runner = prepare(random_weights(NETWORK))._runner(())
    images = data.draw(arrays((2, 8, 8, 1), 'u1'))
    logits = data.draw(arrays((2, 10), '<i4'))
    fit = is_plain(images, (8, 8, 1), np.uint8) and is_plain(logits, (10,), np.int32)
    if fit and len(images) == len(logits) and logits.flags.writeable:
        runner.run(images, logits, ())
        expected = np.empty_like(logits)
        runner.run(images.copy(), expected, ())
        np.testing.assert_array_equal(logits, expected)
    else:
        with pytest.raises(ValueError, match=r'must be .* got'):
            runner.run(images, logits, ())


DTYPES = ['u1', 'i1', '?', 'u2', '<i4', '>i4', 'u4', 'i8', 'f4', 'f8', 'M8[s]', 'O', 'S1', 'i1,i1']


@st.composite
def arrays(draw: st.DrawFn, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Draw an array that fits, or has another type, shape, order, alignment or owner."""
    dtype = draw(st.just(dtype) | st.sampled_from(DTYPES))
    size = draw(st.just(shape) | st.lists(st.integers(0, 11), max_size=5).map(tuple))
    way = draw(st.sampled_from(['plain', 'plain', 'strided', 'turned', 'shifted', 'frozen']))
    if way == 'strided':
        return np.zeros((*size[:-1], 2 * (size or (1,))[-1]), dtype)[..., ::2]
    if way == 'turned':
        return np.zeros(size[::-1], dtype).T
    if way == 'shifted' and dtype != 'O':
        n_bytes = int(np.prod(size)) * np.dtype(dtype).itemsize
        return np.zeros(n_bytes + 1, np.uint8)[1:].view(dtype).reshape(size)
    array = np.zeros(size, dtype)
    array.flags.writeable = way != 'frozen'
    return array


def is_plain(array: np.ndarray, shape: tuple[int, ...], dtype: type) -> bool:
    flags = array.flags
    fits = array.ndim == len(shape) + 1 and array.shape[1:] == shape and array.dtype == dtype
    return fits and flags.c_contiguous and flags.aligned


def test_arguments_of_wrong_number_or_type_are_refused(
    module: ModuleType, kernel: str, random_weights: MakeWeights
) -> None:
    runner = prepare(random_weights(NETWORK))._runner(())
    for call in (
        lambda: runner.run(),
        lambda: runner.run(IMAGES, np.zeros((5, 10), np.int32), (1, 2)),
        lambda: runner.run(IMAGES, np.zeros((5, 10), np.int32), []),
        lambda: runner.replace({0: 'no'}, {}),
        lambda: runner.replace({99: None}, {}),
        lambda: runner.replace([], {}),
        lambda: runner.replace({}, {0: (np.zeros(3, np.int32), None)}),
        lambda: runner.replace({}, {0: 5}),
        lambda: module.plan(kernel, 1, 2, 3),
        lambda: module.plan('sse9', 1, 2, 3),
        lambda: module.plan(5, 1, 2, 3),
        lambda: module.runner(runner, {}, {}),
        lambda: module.pack(kernel, 9, np.zeros((1, 1, 1, 1), np.int8)),
        lambda: module.pack(kernel, 0, np.zeros((1, 1, 1, 1), np.int8)),
        lambda: module.pack(kernel, 0, np.zeros((0, 1, 1, 1), np.int8)),
        lambda: module.pack(kernel, 1, np.zeros((1, 1), np.int8)),
    ):
        with pytest.raises(ValueError, match=r'\w'):
            call()
    for call in (
        lambda: runner.replace({'a': None}, {}),
        lambda: runner.replace({-1: None}, {}),
        lambda: module.pack(kernel, 'bits', np.zeros((1, 1, 1, 1), np.int8)),
        lambda: type(runner)(),
    ):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            call()


def test_a_runner_that_lacks_weights_is_not_made(
    module: ModuleType, kernel: str, random_weights: MakeWeights
) -> None:
    program = Program(NETWORK, ())
    plan = module.plan(kernel, program.values, program.steps, program.tap_ids)
    with pytest.raises(ValueError, match='step 0 lacks its weights'):
        module.runner(plan, {}, {})


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_plan_is_refused_or_runs(data: st.DataObject) -> None:
    module = native.module()
    if module is None:
        pytest.skip('the native kernels are not built')
    program = Program(NETWORK, ('a', 'c_bits'))
    values, steps, taps = program.values, program.steps, program.tap_ids
    number = st.integers(-3, 12) | st.sampled_from([-(2**31), 2**31 - 1, 1 << 16, 1 << 25])
    for table in (values, steps, taps):
        for _ in range(data.draw(st.integers(0, 2))):
            index = data.draw(st.integers(0, table.size - 1))
            table.reshape(-1)[index] = data.draw(number)
    try:
        plan = module.plan(native.kernel(), values, steps, taps)
    except ValueError:
        return
    with pytest.raises(ValueError, match='lacks'):
        module.runner(plan, {}, {})
