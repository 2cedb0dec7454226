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
