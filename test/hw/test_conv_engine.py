"""Convolutions in RTL equal the reference bit for bit; the claims are in hw/tests."""

from edge_adapt.engines._accelerator_convolutions import ConvolutionGeometry, geometry_of
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Convolution, Head, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
import numpy as np
import pytest

from hw.cosim.build import missing, run
from hw.tests.builds import CONVOLUTIONS_INT8, of_convolutions
from hw.tests.networks import convolutions_of, random_weights

SHORT, LONG = 4, 1000  # frames for each of idle, back-pressure, both and neither
COLOURS = ConvolutionGeometry(7, 5, (3, 16, 64), (False, True), 32, 1)
SMALL = ConvolutionGeometry(5, 5, (1, 8, 8), (True, False), 32, 1)
SMALL_INT8 = ConvolutionGeometry(4, 4, (1, 4, 8), (False, True), 64, 8)


@pytest.mark.rtl
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
@pytest.mark.parametrize(
    ('geometry', 'n_frames'),
    [
        pytest.param(CONVOLUTIONS_INT8, SHORT, id='pixels-int8'),
        pytest.param(COLOURS, SHORT, id='colours', marks=pytest.mark.slow),
        pytest.param(SMALL, LONG, id='long', marks=pytest.mark.slow),
        pytest.param(SMALL_INT8, LONG, id='long-int8', marks=pytest.mark.slow),
    ],
)
def test_conv_engine_equals_the_reference(geometry: ConvolutionGeometry, n_frames: int) -> None:
    build = of_convolutions(geometry)
    run(
        build.top,
        'hw.tests.conv_engine_tests',
        build.parameters,
        environment={**build.environment, 'N_FRAMES': str(n_frames)},
    )


def test_a_geometry_is_read_off_the_network() -> None:
    network = convolutions_of((6, 8), (1, 8, 16), (True, True))
    assert geometry_of(network, random_weights(network, 1, 8), 32) == CONVOLUTIONS_INT8


@pytest.mark.parametrize(
    ('kernel', 'padding', 'zero_point'), [(5, 2, 128), (3, 1, 127)], ids=['wide', 'zero point']
)
def test_other_convolutions_are_refused(kernel: int, padding: int, zero_point: int) -> None:
    sums = Convolution(
        name='sums', n_in=1, n_out=8, kernel=kernel, padding=padding, zero_point=zero_point
    )
    layers = (
        sums,
        Threshold(name='bits', n=8),
        Head(name='head', n_in=8 * 36, n_classes=2),
    )
    network = Network('other', (6, 6, 1), layers, ('a', 'b'))
    weights = Weights({'sums.weights': np.ones((8, kernel, kernel, 1), np.int8)})
    with pytest.raises(UsageError, match='3 x 3'):
        geometry_of(network, weights)


def test_a_network_without_convolutions_is_refused() -> None:
    network = Network('flat', (6, 6, 1), (Head(name='head', n_in=36, n_classes=2),), ('a', 'b'))
    with pytest.raises(UsageError, match='does not begin with a convolution'):
        geometry_of(network, Weights({}))
