"""Every engine that runs layer records gives the integers of the reference, bit for bit."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from edge_adapt import native, registry
from edge_adapt.engines import Infer, Outcome
from edge_adapt.engines.reference import apply, Reference
from edge_adapt.networks.layers import (
    Add,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Projection,
    SumPool,
    Threshold,
)
from edge_adapt.networks.network import Network
from edge_adapt.records import U8, Weights
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

MakeWeights = Callable[..., Weights]

# Engines that run files or simulators have suites of their own.
ENGINES = [name for name in registry.names('engines') if name != 'rtl_cosim']
FAST = [name for name in ENGINES if name != 'reference']


def network_of(input_shape: tuple[int, int, int], *layers: Layer, n_classes: int = 5) -> Network:
    """Close the layers with a head over whatever they give."""
    open_network = Network('test', input_shape, layers, ())
    n_in = int(np.prod(open_network.shapes[layers[-1].name]))
    head = Head(name='head', n_in=n_in, n_classes=n_classes)
    return Network('test', input_shape, (*layers, head), tuple('abcdefghij'[:n_classes]))


def first_layers(n_channels: int, n_out: int, **fields: Any) -> tuple[Layer, ...]:
    """Turn pixels into n_out bits."""
    return (
        Convolution(name='first', n_in=n_channels, n_out=n_out, **fields),
        Threshold(name='first_bits', n=n_out),
    )


def assert_all_equal_reference(network: Network, weights: Weights) -> None:
    """Compare every fast engine, with every set of kernels this machine runs."""
    rng = np.random.default_rng(7)
    images = rng.integers(0, 256, (3, *network.input_shape)).astype(np.uint8)
    taps = [layer.name for layer in network.layers]
    expected = Reference().prepare(network, weights)(images, taps)
    for name in FAST:
        for kernel in native.kernels() if name == 'popcount' else native.kernels()[:1]:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(native.VARIABLE, kernel)
                infer = registry.load('engines', name)().prepare(network, weights)
                assert_outcome_equals(infer, images, expected, f'{name}, {kernel}')


def assert_outcome_equals(infer: Infer, images: U8, expected: Outcome, who: str) -> None:
    untapped = infer(images)
    np.testing.assert_array_equal(untapped.logits, expected.logits, err_msg=who)
    assert untapped.logits.dtype == np.int32
    taps = list(expected.taps)
    found = infer(images, taps)
    np.testing.assert_array_equal(found.logits, expected.logits, err_msg=who)
    for name in taps:
        np.testing.assert_array_equal(
            found.taps[name], expected.taps[name], err_msg=f'{who}, {name}'
        )
        assert found.taps[name].dtype == expected.taps[name].dtype, name
    one_tap = infer(images[:1], taps[1:2])
    np.testing.assert_array_equal(one_tap.taps[taps[1]], expected.taps[taps[1]][:1], who)


def convolutions() -> Iterator[tuple[int, ...]]:
    """Height, width, channels in, channels out, kernel, stride, padding, border."""
    sizes = ((7, 5), (3, 9))
    channels = ((64, 64), (8, 24), (96, 130), (128, 64), (1, 3))
    kernels = ((3, 1, 1), (3, 2, 1), (1, 1, 0), (1, 2, 0), (3, 1, 0), (5, 1, 2))
    for size, pair, kernel, border in product(sizes, channels, kernels, (1, -1)):
        if kernel[0] <= min(size) + 2 * kernel[2]:
            yield (*size, *pair, *kernel, border)


@pytest.mark.parametrize('geometry', list(convolutions()))
def test_a_convolution_of_bits_is_that_of_the_reference(
    geometry: tuple[int, ...], random_weights: MakeWeights
) -> None:
    height, width, n_in, n_out, kernel, stride, padding, border = geometry
    network = network_of(
        (height, width, 1),
        *first_layers(1, n_in),
        Convolution(
            name='second',
            n_in=n_in,
            n_out=n_out,
            kernel=kernel,
            stride=stride,
            padding=padding,
            border=border,
        ),
        Threshold(name='second_bits', n=n_out),
    )
    assert_all_equal_reference(network, random_weights(network))


@pytest.mark.parametrize('n_channels', [1, 2, 3, 4])
@pytest.mark.parametrize(('kernel', 'stride', 'padding'), [(3, 1, 1), (3, 2, 1), (1, 1, 0)])
@pytest.mark.parametrize('zero_point', [0, 100, 128, 255])
def test_a_convolution_of_pixels_is_that_of_the_reference(
    n_channels: int,
    kernel: int,
    stride: int,
    padding: int,
    zero_point: int,
    random_weights: MakeWeights,
) -> None:
    network = network_of(
        (9, 6, n_channels),
        *first_layers(
            n_channels,
            70,
            kernel=kernel,
            stride=stride,
            padding=padding,
            zero_point=zero_point,
        ),
    )
    assert_all_equal_reference(network, random_weights(network))


@pytest.mark.parametrize('size', [2, 3])
@pytest.mark.parametrize('shape', [(8, 8, 1), (9, 7, 1), (5, 6, 3)])
@pytest.mark.parametrize('pool_first', [True, False])
def test_pooling_before_and_after_a_threshold_differ_as_in_the_reference(
    size: int,
    shape: tuple[int, int, int],
    pool_first: bool,
    random_weights: MakeWeights,
) -> None:
    layers: list[Layer] = []
    for name, n_in, n_out in (('a', shape[2], 64), ('b', 64, 96)):
        layers.append(Convolution(name=name, n_in=n_in, n_out=n_out))
        pool = MaxPool(name=f'{name}_pool', size=size if name == 'a' else 1)
        threshold = Threshold(name=f'{name}_bits', n=n_out)
        layers += [pool, threshold] if pool_first else [threshold, pool]
    network = network_of(shape, *layers)
    assert_all_equal_reference(network, random_weights(network))


@pytest.mark.parametrize('widths', [(64, 64), (100, 10), (256, 128), (1, 65)])
@pytest.mark.parametrize('shape', [(28, 28, 1), (3, 5, 3)])
def test_dense_layers_of_pixels_and_of_bits_are_those_of_the_reference(
    widths: tuple[int, int],
    shape: tuple[int, int, int],
    random_weights: MakeWeights,
) -> None:
    first, second = widths
    network = network_of(
        shape,
        Dense(name='a', n_in=int(np.prod(shape)), n_out=first, zero_point=33),
        Threshold(name='a_bits', n=first),
        Dense(name='b', n_in=first, n_out=second),
        Threshold(name='b_bits', n=second),
    )
    assert_all_equal_reference(network, random_weights(network))


@pytest.mark.parametrize('n_channels', [64, 40])
def test_a_dense_layer_over_an_image_of_bits_reads_height_width_channels(
    n_channels: int, random_weights: MakeWeights
) -> None:
    network = network_of(
        (5, 6, 1),
        *first_layers(1, n_channels),
        Dense(name='dense', n_in=30 * n_channels, n_out=33),
        Threshold(name='dense_bits', n=33),
    )
    assert_all_equal_reference(network, random_weights(network))


@pytest.mark.parametrize('n_channels', [64, 48])
@pytest.mark.parametrize('stride', [1, 2])
def test_a_residual_block_adds_sums_before_the_threshold(
    n_channels: int, stride: int, random_weights: MakeWeights
) -> None:
    c = n_channels
    network = network_of(
        (8, 7, 3),
        *first_layers(3, c),
        Convolution(name='long', n_in=c, n_out=c, stride=stride),
        Convolution(
            name='short',
            n_in=c,
            n_out=c,
            kernel=1,
            padding=0,
            stride=stride,
            sources=('first_bits',),
        ),
        Add(name='joined', sources=('long', 'short')),
        Threshold(name='joined_bits', n=c),
        Convolution(name='next', n_in=c, n_out=c, border=-1),
        Add(name='again', sources=('next', 'joined', 'joined')),
        Threshold(name='again_bits', n=c),
    )
    assert_all_equal_reference(network, random_weights(network))


@pytest.mark.parametrize('n_channels', [64, 40])
@pytest.mark.parametrize('size', [2, 3])
def test_levels_of_all_depths_are_projected_as_in_the_reference(
    n_channels: int, size: int, random_weights: MakeWeights
) -> None:
    c = n_channels
    pools = (
        SumPool(name='pooled', sources=('input',), size=4, shift=5),
        SumPool(name='early', sources=('first_bits',), size=size),
    )
    n_early = -(-9 // size) * -(-7 // size) * c
    network = network_of(
        (9, 7, 1),
        *first_layers(1, c),
        Dense(name='dense', n_in=9 * 7 * c, n_out=33),
        Threshold(name='dense_bits', n=33),
        *pools,
        Projection(
            name='projection',
            sources=('pooled', 'early', 'dense_bits'),
            n_in=6 + n_early + 33,
            n_out=20,
        ),
    )
    weights = random_weights(network)
    shifts = np.arange(20, dtype=np.uint8) * 2  # up to 38: a shift above 31 is 31
    assert_all_equal_reference(network, weights.replace({'projection.shifts': shifts}))


def test_a_sum_pool_counts_what_hangs_over_the_border_for_nothing() -> None:
    pool = SumPool(name='pool', size=2)
    bits = np.array([[1, -1, 1], [1, 1, -1], [-1, -1, -1]], np.int8)[None, :, :, None]
    levels = apply(pool, Weights({}), bits)
    assert levels[0, :, :, 0].tolist() == [[2, 0], [-2, -1]]


def test_weights_that_are_no_signs_are_multiplied_on_bits_too(random_weights: MakeWeights) -> None:
    network = network_of(
        (6, 6, 1),
        *first_layers(1, 16),
        Convolution(name='second', n_in=16, n_out=8),
        Threshold(name='second_bits', n=8),
    )
    weights = random_weights(network)
    ternary = np.random.default_rng(1).integers(-1, 2, (8, 3, 3, 16)).astype(np.int8)
    assert_all_equal_reference(network, weights.replace({'second.weights': ternary}))


@pytest.mark.parametrize('extreme', [-(2**31), -577, -576, 0, 576, 577, 2**31 - 1])
def test_thresholds_beyond_any_sum_are_always_or_never_reached(
    extreme: int, random_weights: MakeWeights
) -> None:
    network = network_of(
        (4, 4, 1),
        *first_layers(1, 64),
        Convolution(name='second', n_in=64, n_out=64),
        Threshold(name='second_bits', n=64),
    )
    thresholds = np.full(64, extreme, np.int32)
    weights = random_weights(network).replace(
        {'second_bits.thresholds': thresholds, 'first_bits.thresholds': thresholds}
    )
    assert_all_equal_reference(network, weights)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_networks_give_the_integers_of_the_reference(
    random_weights: MakeWeights, data: st.DataObject
) -> None:
    draw = data.draw
    shape = (draw(st.integers(1, 11)), draw(st.integers(1, 11)), draw(st.integers(1, 4)))
    layers: list[Layer] = []
    size, n_in = list(shape[:2]), shape[2]
    for index in range(draw(st.integers(1, 3))):
        kernel = draw(st.sampled_from([1, 3]))
        stride, n_out = draw(st.integers(1, 2)), draw(st.integers(1, 140))
        border = draw(st.sampled_from([-1, 1]))
        convolution = Convolution(
            name=f'conv{index}',
            n_in=n_in,
            n_out=n_out,
            kernel=kernel,
            stride=stride,
            padding=kernel // 2,
            border=border,
        )
        threshold = Threshold(name=f'bits{index}', n=n_out)
        size = [(side - 1) // stride + 1 for side in size]
        layers += [convolution, threshold]
        if min(size) > 1 and draw(st.booleans()):
            pool = MaxPool(name=f'pool{index}')
            layers[-1:] = draw(st.sampled_from([[pool, threshold], [threshold, pool]]))
            size = [side // 2 for side in size]
        n_in = n_out
    network = network_of(shape, *layers, n_classes=draw(st.integers(1, 10)))
    weights = random_weights(network, draw(st.integers(0, 1000)))
    assert_all_equal_reference(network, weights)


def test_new_thresholds_or_another_head_act_at_the_next_prepare(
    random_weights: MakeWeights,
) -> None:
    network = network_of((6, 6, 1), *first_layers(1, 64))
    weights, others = random_weights(network, 1), random_weights(network, 2)
    assert_all_equal_reference(network, weights)
    for names in (['first_bits.thresholds'], ['first_bits.flips'], ['head.weights', 'head.bias']):
        changed = weights.replace({name: others[name] for name in names})
        assert_all_equal_reference(network, changed)
    assert_all_equal_reference(network, replace_first(weights, others))


def replace_first(weights: Weights, others: Weights) -> Weights:
    return weights.replace({'first.weights': others['first.weights']})
