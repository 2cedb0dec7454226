"""Float layers beside binary ones: every kernel gives the float32 bits of the reference."""

from collections.abc import Callable
from typing import Any

from edge_adapt import native, registry
from edge_adapt.engines.popcount import NativeInfer
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Relu,
    Scale,
    Sign,
    SlidingMax,
)
from edge_adapt.networks.layers import Add, Convolution, Head, Layer, Quantize, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

MakeWeights = Callable[..., Weights]


def residual_network(
    side: int = 9, stem: int = 5, width: int = 20, border: int = 1, extra: int = 0, stride: int = 2
) -> Network:
    """Return a stem on pixels, two residual blocks, blurred maxima between, a head on levels."""
    layers: list[Layer] = [
        Scale(name='normal', n=3),
        FloatConvolution(
            name='stem',
            n_in=3,
            n_out=stem,
            kernel=3,
            stride=stride,
            padding=1 - extra,
            extra_padding=extra,
        ),
        Relu(name='stem_relu'),
        DepthwiseConvolution(name='deep', n=stem, kernel=3, padding=1),
        FloatConvolution(name='wide', n_in=stem, n_out=width),
        Sign(name='bits1'),
        Convolution(
            name='long1',
            n_in=width,
            n_out=width,
            kernel=3 - extra,
            padding=1 - extra,
            extra_padding=extra,
            border=border,
        ),
        Relu(name='relu1'),
        Scale(name='scale1', n=width),
        Add(name='join1', sources=('scale1', 'wide')),
        Relu(name='relu2'),
        SlidingMax(name='maxima', size=2, stride=1, extra_padding=extra),
        DepthwiseConvolution(name='blur', n=width, kernel=3, stride=2, padding=1),
        FloatConvolution(name='wider', n_in=width, n_out=width + 3),
        Scale(name='scale2', n=width + 3),
        Sign(name='bits2'),
        Convolution(name='long2', n_in=width + 3, n_out=width + 3, border=border),
        Scale(name='scale3', n=width + 3),
        Add(name='join2', sources=('scale2', 'scale3')),
        Relu(name='relu3'),
        GlobalMean(name='mean'),
        Quantize(name='levels', n=width + 3),
        Head(name='head', n_in=width + 3, n_classes=4),
    ]
    return Network('residual', (side, side, 3), tuple(layers), tuple('abcd'))


def assert_kernels_equal_reference(network: Network, weights: Weights) -> None:
    images = np.random.default_rng(7).integers(0, 256, (3, *network.input_shape)).astype(np.uint8)
    taps = [layer.name for layer in network.layers]
    expected = Reference().prepare(network, weights)(images, taps)
    for kernel in native.kernels():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(native.VARIABLE, kernel)
            infer = registry.load('engines', 'popcount')().prepare(network, weights)
        assert isinstance(infer, NativeInfer) == (kernel != native.NUMPY)
        # Without taps layers are fused, with a few taps some are, with all none.
        for names in ([], taps[8::5], taps):
            found = infer(images, names)
            np.testing.assert_array_equal(found.logits, expected.logits, kernel)
            for name in names:
                np.testing.assert_array_equal(
                    found.taps[name], expected.taps[name], f'{kernel}, {name}'
                )
                assert found.taps[name].dtype == expected.taps[name].dtype, name


@pytest.mark.parametrize('border', [1, -1, 0])
@pytest.mark.parametrize(('stem', 'width'), [(5, 20), (8, 32), (16, 64), (17, 70)])
@pytest.mark.parametrize(('extra', 'stride'), [(0, 1), (0, 2), (1, 2)])
def test_a_residual_network_gives_the_float_bits_of_the_reference(
    border: int, stem: int, width: int, extra: int, stride: int, random_weights: MakeWeights
) -> None:
    network = residual_network(9, stem, width, border, extra, stride)
    assert_kernels_equal_reference(network, random_weights(network))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_windows_of_any_size_give_the_float_bits_of_the_reference(
    random_weights: MakeWeights, data: st.DataObject
) -> None:
    draw = data.draw
    side, n = draw(st.integers(3, 9)), draw(st.integers(1, 40))
    windows: dict[str, Any] = {
        'kernel': draw(st.integers(1, 3)),
        'stride': draw(st.integers(1, 3)),
        'padding': draw(st.integers(0, 2)),
        'extra_padding': draw(st.integers(0, 1)),
    }
    kernel = windows.pop('kernel')
    layers: tuple[Layer, ...] = (
        Scale(name='normal', n=2),
        FloatConvolution(name='first', n_in=2, n_out=n, kernel=kernel, **windows),
        draw(
            st.sampled_from(
                [
                    SlidingMax(name='window', size=2, padding=1),
                    DepthwiseConvolution(name='window', n=n, kernel=2, padding=1),
                    FloatConvolution(name='window', n_in=n, n_out=n),
                ]
            )
        ),
        Add(name='twice', sources=('window', 'window', 'window')),
        Sign(name='bits'),
        Convolution(
            name='sums',
            n_in=n,
            n_out=n + 1,
            border=draw(st.integers(-1, 1)),
            extra_padding=draw(st.integers(0, 1)),
        ),
        Relu(name='relu'),
        Threshold(name='more_bits', n=n + 1),
    )
    open_network = Network('windows', (side, side, 2), layers, ())
    n_in = int(np.prod(open_network.shapes['more_bits']))
    head = Head(name='head', n_in=n_in, n_classes=3)
    network = Network('windows', (side, side, 2), (*layers, head), tuple('abc'))
    assert_kernels_equal_reference(network, random_weights(network))


def test_onnxruntime_differs_by_rounding_only(random_weights: MakeWeights) -> None:
    network = residual_network(width=40)
    weights = random_weights(network)
    images = np.random.default_rng(0).integers(0, 256, (20, 9, 9, 3)).astype(np.uint8)
    taps = ('wide', 'join1', 'mean')
    expected = Reference().prepare(network, weights)(images, taps).taps
    infer = registry.load('engines', 'onnx_runtime')().prepare(network, weights)
    for name, value in infer(images, taps).taps.items():
        # At most 27 products a sum, each rounded to 2**-24 of the largest partial sum: 2e-6 of it.
        # A sign of a float that close to 0 may flip and move its sums by 2 a channel; the random
        # floats here are no closer to 0 than that, or this would fail by far.
        largest = np.abs(expected[name]).max()
        np.testing.assert_allclose(value, expected[name], rtol=0, atol=4e-6 * largest)


def test_floats_that_left_the_range_of_float32_crash_nothing(random_weights: MakeWeights) -> None:
    network = residual_network()
    weights = random_weights(network)
    huge = np.full_like(weights['stem.weights'], 3e38)
    wild = weights.replace({'stem.weights': huge, 'wide.weights': -weights['wide.weights'] * 1e38})
    infer = registry.load('engines', 'popcount')().prepare(network, wild)
    assert infer(np.full((1, 9, 9, 3), 255, np.uint8)).logits.shape == (1, 4)
