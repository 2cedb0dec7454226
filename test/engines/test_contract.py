"""Every engine that runs layer records gives the integers of the reference, bit for bit."""

from collections.abc import Callable

from edge_adapt.networks.layers import Convolution, Layer, MaxPool, Threshold
from edge_adapt.records import Weights
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

Agree = Callable[..., Weights]
Layers = Callable[..., tuple[Layer, ...]]


def test_weights_that_are_no_signs_are_multiplied_on_bits_too(
    all_engines_agree: Agree, first_layers: Layers
) -> None:
    ternary = np.random.default_rng(1).integers(-1, 2, (8, 3, 3, 16)).astype(np.int8)
    all_engines_agree(
        (6, 6, 1),
        *first_layers(1, 16),
        Convolution(name='second', n_in=16, n_out=8),
        Threshold(name='second_bits', n=8),
        changes={'second.weights': ternary},
    )


@pytest.mark.parametrize('extreme', [-(2**31), -577, -576, 0, 576, 577, 2**31 - 1])
def test_thresholds_beyond_any_sum_are_always_or_never_reached(
    extreme: int, all_engines_agree: Agree, first_layers: Layers
) -> None:
    thresholds = np.full(64, extreme, np.int32)
    all_engines_agree(
        (4, 4, 1),
        *first_layers(1, 64),
        Convolution(name='second', n_in=64, n_out=64),
        Threshold(name='second_bits', n=64),
        changes={'second_bits.thresholds': thresholds, 'first_bits.thresholds': thresholds},
    )


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_networks_give_the_integers_of_the_reference(
    all_engines_agree: Agree, data: st.DataObject
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
    seed, n_classes = draw(st.integers(0, 1000)), draw(st.integers(1, 10))
    all_engines_agree(shape, *layers, n_classes=n_classes, seed=seed)


def test_new_thresholds_or_another_head_act_at_the_next_prepare(
    all_engines_agree: Agree, first_layers: Layers
) -> None:
    shape, layers = (6, 6, 1), first_layers(1, 64)
    weights = all_engines_agree(shape, *layers, seed=1)
    others = all_engines_agree(shape, *layers, seed=2)
    for names in (
        ['first_bits.thresholds'],
        ['first_bits.flips'],
        ['head.weights', 'head.bias'],
        ['first.weights'],
    ):
        changes = {name: others[name] for name in names}
        all_engines_agree(shape, *layers, weights=weights, changes=changes)
