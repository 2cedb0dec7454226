"""The accelerator's RTL equals the reference bit for bit; the claims are in hw/tests."""

from edge_adapt.engines._accelerator import Geometry
from edge_adapt.engines._accelerator_convolutions import ConvolutionGeometry
import pytest

from hw.cosim.build import missing, run

pytestmark = [
    pytest.mark.rtl,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]

BITS = Geometry((40, 48, 33), n_classes=10, lanes=32, pixel_planes=1)
LEVELS = Geometry((40, 24, 17), n_classes=10, lanes=64, value_bits=8)
STAT_BITS, N_SAMPLES, N_FLIPPED, N_DESCENDED = 6, 64, 8, 32
LONG = pytest.mark.slow  # `make hw` runs these, too


BINARY = [
    pytest.param(BITS, id='bits'),
    pytest.param(Geometry((70, 17), 10, 64, 8, 1), marks=LONG, id='pixels'),
    pytest.param(Geometry((20, 9), 10, 32, 8, 8), marks=LONG, id='pixels-int8'),
]
PASSED_BY = Geometry((20, 17, 9), 10, 32, 8, 8)  # its first layer has nothing to flip
# 5 x 5 pixels: 2 x 2 places of 8 channels, then fully connected
CONVOLVED = Geometry(
    (32, 33), 10, 32, convolutions=ConvolutionGeometry(5, 5, (1, 8, 8), (True, False), 32, 1)
)
SHORT_AND_LONG = [pytest.param(False, id='short'), pytest.param(True, marks=LONG, id='long')]


def simulate(geometry: Geometry, module: str, **chosen: int) -> None:
    learning = (
        {'StatBits': STAT_BITS, 'FlipSamples': 0 if geometry.convolutions else N_FLIPPED}
        if geometry.value_bits == 1
        else {'SgdSamples': N_DESCENDED}
    )
    parameters = {**geometry.parameters, 'EsSamples': N_SAMPLES, **learning}
    environment = environment_of(geometry)
    environment.update({name: str(value) for name, value in chosen.items()})
    run('accelerator', module, parameters, environment=environment)


@pytest.mark.parametrize('long', SHORT_AND_LONG)
@pytest.mark.parametrize('geometry', [*BINARY, pytest.param(LEVELS, id='levels')])
def test_accelerator_equals_the_reference(geometry: Geometry, long: bool) -> None:
    # The frames are shared out over idle, back-pressure, both and neither.
    n_frames, n_writes = (4000, 1000) if long else (1000, 8)
    simulate(geometry, 'hw.tests.accelerator_tests', N_FRAMES=n_frames, N_WRITES=n_writes)


@pytest.mark.parametrize('long', SHORT_AND_LONG)
def test_accelerator_with_convolutions_equals_the_reference(long: bool) -> None:
    n_frames, n_writes = (4000, 1000) if long else (100, 4)
    simulate(CONVOLVED, 'hw.tests.accelerator_tests', N_FRAMES=n_frames, N_WRITES=n_writes)


@pytest.mark.parametrize('long', SHORT_AND_LONG)
@pytest.mark.parametrize('geometry', BINARY)
def test_statistics_and_thresholds_equal_the_updaters(geometry: Geometry, long: bool) -> None:
    simulate(geometry, 'hw.tests.statistics_tests', N_WINDOWS=16 if long else 2)


@pytest.mark.parametrize('geometry', [BITS, LEVELS], ids=['bits', 'levels'])
def test_accelerator_learns_as_row_es(geometry: Geometry) -> None:
    simulate(geometry, 'hw.tests.learning_tests')


@pytest.mark.parametrize('long', SHORT_AND_LONG)
@pytest.mark.parametrize(
    'geometry', [*BINARY[:2], pytest.param(PASSED_BY, marks=LONG, id='pixels-int8')]
)
def test_flips_equal_their_integers(geometry: Geometry, long: bool) -> None:
    simulate(geometry, 'hw.tests.flips_tests', N_GENERATIONS=256 if long else 16)


@pytest.mark.parametrize('long', SHORT_AND_LONG)
def test_descent_equals_its_integers(long: bool) -> None:
    simulate(LEVELS, 'hw.tests.descent_tests', N_STEPS=1024 if long else 64)


def test_registers_keep_what_is_written() -> None:
    simulate(BITS, 'hw.tests.register_tests')


def environment_of(geometry: Geometry) -> dict[str, str]:
    front = geometry.convolutions
    return {
        'CONVOLUTIONS': ';;' if front is None else convolutions_text(front),
        'LANES': str(geometry.lanes),
        'WIDTHS': ','.join(map(str, geometry.widths)),
        'PLANES': str(geometry.pixel_planes),
        'WEIGHT_BITS': str(front.first_weight_bits if front else geometry.first_weight_bits),
        'VALUE_BITS': str(geometry.value_bits),
        'N_SAMPLES': str(N_SAMPLES),
        'STAT_BITS': str(STAT_BITS),
        'FLIP_SAMPLES': str(N_FLIPPED),
        'SGD_SAMPLES': str(N_DESCENDED),
    }


def convolutions_text(front: ConvolutionGeometry) -> str:
    parts = ((front.height, front.width), map(int, front.pools), front.channels)
    return ';'.join(','.join(map(str, part)) for part in parts)
