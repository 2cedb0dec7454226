"""The native kernels: chosen by name, shared where weights are shared, deaf to no bad argument."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import gc
import logging
from types import ModuleType

from edge_adapt import native
from edge_adapt.engines import popcount
from edge_adapt.engines._program import PackedTensor, Program
from edge_adapt.engines.popcount import NativeInfer, Popcount
from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Convolution, Dense, Head, MaxPool, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.population import score_heads, score_heads_in_numpy
from edge_adapt.records import Weights
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

MakeWeights = Callable[..., Weights]

NETWORK = Network(
    'small',
    (8, 8, 1),
    (
        Convolution(name='a', n_in=1, n_out=64),
        Threshold(name='a_bits', n=64),
        Convolution(name='b', n_in=64, n_out=64),
        MaxPool(name='pool'),
        Threshold(name='b_bits', n=64),
        Dense(name='c', n_in=1024, n_out=70),
        Threshold(name='c_bits', n=70),
        Head(name='head', n_in=70, n_classes=10),
    ),
    tuple('0123456789'),
)
IMAGES = np.random.default_rng(11).integers(0, 256, (5, 8, 8, 1)).astype(np.uint8)


@pytest.fixture
def module() -> ModuleType:
    built = native.module()
    if built is None:
        pytest.skip('the native kernels are not built')
    return built


@pytest.fixture(params=[name for name in native.kernels() if name != native.NUMPY])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Force every set of native kernels, one after the other."""
    monkeypatch.setenv(native.VARIABLE, request.param)
    return str(request.param)


def prepare(weights: Weights, network: Network = NETWORK) -> NativeInfer:
    infer = Popcount().prepare(network, weights)
    assert isinstance(infer, NativeInfer)
    return infer


def test_an_unknown_name_is_answered_with_the_kernels_there_are(
    monkeypatch: pytest.MonkeyPatch, random_weights: MakeWeights
) -> None:
    monkeypatch.setenv(native.VARIABLE, 'sse9')
    with pytest.raises(UsageError, match=r"'sse9'; this machine has .*numpy"):
        Popcount().prepare(NETWORK, random_weights(NETWORK))


def test_the_forced_kernels_serve(kernel: str, random_weights: MakeWeights) -> None:
    assert prepare(random_weights(NETWORK)).kernel == kernel


def test_without_the_module_numpy_serves_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    random_weights: MakeWeights,
) -> None:
    monkeypatch.delenv(native.VARIABLE, raising=False)
    monkeypatch.setattr(native, '_MODULE', 'edge_adapt.engines._never_built')
    weights = random_weights(NETWORK)
    expected = Reference().prepare(NETWORK, weights)(IMAGES).logits
    native.module.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                infer = Popcount().prepare(NETWORK, weights)
                np.testing.assert_array_equal(infer(IMAGES).logits, expected)
        assert [record for record in caplog.messages if 'not built' in record] == caplog.messages
        assert len(caplog.messages) == 1
    finally:
        native.module.cache_clear()


def test_weights_prepared_again_are_packed_once(kernel: str, random_weights: MakeWeights) -> None:
    weights, others = random_weights(NETWORK, 1), random_weights(NETWORK, 2)
    first = prepare(weights)
    packed = popcount._packed(kernel, next(iter(_tensors())), weights['a.weights'])
    changed = weights.replace({'b_bits.thresholds': others['b_bits.thresholds']})
    assert prepare(changed).weights is changed
    assert popcount._packed(kernel, next(iter(_tensors())), changed['a.weights']) is packed
    expected = Reference().prepare(NETWORK, changed)(IMAGES).logits
    np.testing.assert_array_equal(prepare(changed)(IMAGES).logits, expected)
    assert not np.array_equal(first(IMAGES).logits, expected)


def _tensors() -> list[PackedTensor]:
    return list(Program(NETWORK, ()).weights.values())


def test_other_arrays_are_packed_anew_whatever_address_they_get(
    kernel: str, random_weights: MakeWeights
) -> None:
    for seed in range(8):  # a freed array's address is given to the next one
        weights = random_weights(NETWORK, seed)
        expected = Reference().prepare(NETWORK, weights)(IMAGES).logits
        np.testing.assert_array_equal(prepare(weights)(IMAGES).logits, expected)
        del weights
        gc.collect()


def test_what_was_packed_goes_with_its_weights(kernel: str, random_weights: MakeWeights) -> None:
    gc.collect()
    before = len(popcount._PACKED)
    infer = prepare(random_weights(NETWORK, 77))
    assert len(popcount._PACKED) == before + 4
    del infer
    gc.collect()
    assert len(popcount._PACKED) == before


def test_a_runner_renewed_step_by_step_equals_one_made_anew(
    kernel: str, module: ModuleType, random_weights: MakeWeights
) -> None:
    weights, others = random_weights(NETWORK, 1), random_weights(NETWORK, 2)
    program = Program(NETWORK, ())
    old, new = prepare(weights)._runner(()), prepare(others)._runner(())
    for step, tensor in program.weights.items():
        packed = popcount._packed(kernel, tensor, others[tensor.name])
        old = old.replace({step: packed}, {})
    for step, layer in program.limits.items():
        names = ('bias', None) if isinstance(layer, Head) else ('thresholds', 'flips')
        tensors = (others[f'{layer.name}.{name}'] if name else None for name in names)
        old = old.replace({}, {step: tuple(tensors)})
    logits = np.zeros((2, 5, 10), np.int32)
    old.run(IMAGES, logits[0], ())
    new.run(IMAGES, logits[1], ())
    np.testing.assert_array_equal(logits[0], logits[1])


def test_many_threads_may_call_one_runner(kernel: str, random_weights: MakeWeights) -> None:
    weights = random_weights(NETWORK)
    infer = prepare(weights)
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1)).astype(np.uint8)
    expected = Reference().prepare(NETWORK, weights)(images).logits
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: infer(images).logits, range(40)):
            np.testing.assert_array_equal(found, expected)


def test_a_layer_too_wide_for_the_kernels_is_run_by_numpy(random_weights: MakeWeights) -> None:
    network = Network(
        'wide',
        (1, 1, 1),
        (
            Dense(name='a', n_in=1, n_out=32768),
            Threshold(name='a_bits', n=32768),
            Dense(name='b', n_in=32768, n_out=2),
            Threshold(name='b_bits', n=2),
            Head(name='head', n_in=2, n_classes=2),
        ),
        ('x', 'y'),
    )
    weights = random_weights(network)
    infer = Popcount().prepare(network, weights)
    assert not isinstance(infer, NativeInfer)
    images = np.arange(7, dtype=np.uint8).reshape(7, 1, 1, 1)
    expected = Reference().prepare(network, weights)(images).logits
    np.testing.assert_array_equal(infer(images).logits, expected)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_kernel_scores_a_population_as_numpy_does(data: st.DataObject) -> None:
    draw = data.draw
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_heads, n_classes = draw(st.integers(0, 4)), draw(st.integers(2, 12))
    n_features, n = draw(st.integers(1, 700)), draw(st.integers(0, 50))
    spread = draw(st.sampled_from([1, 1000, 2**31 - 1]))
    extreme = np.array([-128, 127], np.int8)
    heads = rng.choice(extreme, (n_heads, n_classes, n_features))
    if draw(st.booleans()):  # many ties
        heads = rng.integers(-1, 2, heads.shape).astype(np.int8)
    biases = rng.integers(-spread, spread, (n_heads, n_classes)).astype(np.int32)
    features = rng.choice(np.array([-1, 1], np.int8), (n, n_features))
    labels = rng.integers(0, n_classes, n)
    expected = score_heads_in_numpy(heads, biases, features, labels)
    for name in native.kernels()[:-1]:
        found = np.zeros((2, n_heads), np.int64)
        module = native.module()
        assert module is not None
        module.score_heads(name, heads, biases, features, labels, found[0], found[1])
        np.testing.assert_array_equal(found, expected, name)
    np.testing.assert_array_equal(score_heads(heads, biases, features, labels), expected)


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
    for key, value in (('labels', np.full(4, 3)), ('features', np.zeros((4, 8), np.int8))):
        with pytest.raises(ValueError, match=f'{key} must be'):
            module.score_heads(kernel, *{**arrays, key: value}.values())


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
    with pytest.raises(ValueError, match=r"images must be .* type 'B', shape \(any, 8, 8, 1, \)"):
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
    with pytest.raises(ValueError, match=r"logits must be .* type 'i', .*got"):
        runner.run(IMAGES[:1], logits, ())


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
