"""Convolutions, pools and shortcuts on every engine are those of the reference, bit for bit."""

from collections.abc import Callable, Iterator
from itertools import product

from edge_adapt.networks.layers import Add, Convolution, Layer, MaxPool, Threshold
from edge_adapt.records import Weights
import pytest

Agree = Callable[..., Weights]
Layers = Callable[..., tuple[Layer, ...]]


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
    geometry: tuple[int, ...], all_engines_agree: Agree, first_layers: Layers
) -> None:
    height, width, n_in, n_out, kernel, stride, padding, border = geometry
    all_engines_agree(
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


@pytest.mark.parametrize('n_channels', [1, 2, 3, 4])
@pytest.mark.parametrize(('kernel', 'stride', 'padding'), [(3, 1, 1), (3, 2, 1), (1, 1, 0)])
@pytest.mark.parametrize('zero_point', [0, 100, 128, 255])
def test_a_convolution_of_pixels_is_that_of_the_reference(
    n_channels: int,
    kernel: int,
    stride: int,
    padding: int,
    zero_point: int,
    all_engines_agree: Agree,
    first_layers: Layers,
) -> None:
    all_engines_agree(
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


@pytest.mark.parametrize('size', [2, 3])
@pytest.mark.parametrize('shape', [(8, 8, 1), (9, 7, 1), (5, 6, 3)])
@pytest.mark.parametrize('pool_first', [True, False])
def test_pooling_before_and_after_a_threshold_differ_as_in_the_reference(
    size: int,
    shape: tuple[int, int, int],
    pool_first: bool,
    all_engines_agree: Agree,
) -> None:
    layers: list[Layer] = []
    for name, n_in, n_out in (('a', shape[2], 64), ('b', 64, 96)):
        layers.append(Convolution(name=name, n_in=n_in, n_out=n_out))
        pool = MaxPool(name=f'{name}_pool', size=size if name == 'a' else 1)
        threshold = Threshold(name=f'{name}_bits', n=n_out)
        layers += [pool, threshold] if pool_first else [threshold, pool]
    all_engines_agree(shape, *layers)


@pytest.mark.parametrize('n_channels', [64, 48])
@pytest.mark.parametrize('stride', [1, 2])
def test_a_residual_block_adds_sums_before_the_threshold(
    n_channels: int, stride: int, all_engines_agree: Agree, first_layers: Layers
) -> None:
    c = n_channels
    all_engines_agree(
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
