"""Dense layers and projections on every engine are those of the reference, bit for bit."""

from collections.abc import Callable

from edge_adapt.engines.reference import apply
from edge_adapt.networks.layers import Dense, Layer, Projection, SumPool, Threshold
from edge_adapt.records import Weights
import numpy as np
import pytest

Agree = Callable[..., Weights]
Layers = Callable[..., tuple[Layer, ...]]


@pytest.mark.parametrize('widths', [(64, 64), (100, 10), (256, 128), (1, 65)])
@pytest.mark.parametrize('shape', [(28, 28, 1), (3, 5, 3)])
def test_dense_layers_of_pixels_and_of_bits_are_those_of_the_reference(
    widths: tuple[int, int],
    shape: tuple[int, int, int],
    all_engines_agree: Agree,
) -> None:
    first, second = widths
    all_engines_agree(
        shape,
        Dense(name='a', n_in=int(np.prod(shape)), n_out=first, zero_point=33),
        Threshold(name='a_bits', n=first),
        Dense(name='b', n_in=first, n_out=second),
        Threshold(name='b_bits', n=second),
    )


@pytest.mark.parametrize('n_channels', [64, 40])
def test_a_dense_layer_over_an_image_of_bits_reads_height_width_channels(
    n_channels: int, all_engines_agree: Agree, first_layers: Layers
) -> None:
    all_engines_agree(
        (5, 6, 1),
        *first_layers(1, n_channels),
        Dense(name='dense', n_in=30 * n_channels, n_out=33),
        Threshold(name='dense_bits', n=33),
    )


@pytest.mark.parametrize('n_channels', [64, 40])
@pytest.mark.parametrize('size', [2, 3])
def test_levels_of_all_depths_are_projected_as_in_the_reference(
    n_channels: int, size: int, all_engines_agree: Agree, first_layers: Layers
) -> None:
    c = n_channels
    pools = (
        SumPool(name='pooled', sources=('input',), size=4, shift=5),
        SumPool(name='early', sources=('first_bits',), size=size),
    )
    shifts = np.arange(20, dtype=np.uint8) * 2  # up to 38: a shift above 31 is 31
    n_early = -(-9 // size) * -(-7 // size) * c
    all_engines_agree(
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
        changes={'projection.shifts': shifts},
    )


def test_a_sum_pool_counts_what_hangs_over_the_border_for_nothing() -> None:
    pool = SumPool(name='pool', size=2)
    bits = np.array([[1, -1, 1], [1, 1, -1], [-1, -1, -1]], np.int8)[None, :, :, None]
    levels = apply(pool, Weights({}), bits)
    assert levels[0, :, :, 0].tolist() == [[2, 0], [-2, -1]]
