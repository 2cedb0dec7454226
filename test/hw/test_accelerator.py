"""The accelerator's RTL equals the reference bit for bit; the claims are in hw/tests."""

from edge_adapt.engines._accelerator import Geometry
import pytest

from hw.cosim.build import missing, run

pytestmark = [
    pytest.mark.rtl,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]

BITS = Geometry((40, 48, 33), n_classes=10, lanes=32, pixel_planes=1)
LEVELS = Geometry((40, 24, 17), n_classes=10, lanes=64, value_bits=8)
STAT_BITS, N_SAMPLES = 6, 64


BINARY = [
    pytest.param(BITS, id='bits'),
    pytest.param(Geometry((70, 17), 10, 64, 8, 1), marks=pytest.mark.slow, id='pixels'),
    pytest.param(Geometry((20, 9), 10, 32, 8, 8), marks=pytest.mark.slow, id='pixels-int8'),
]


def simulate(geometry: Geometry, module: str) -> None:
    learning = {
        'EsSamples': N_SAMPLES if geometry.pixel_planes == 1 else 0,
        'StatBits': STAT_BITS if geometry.value_bits == 1 else 0,
    }
    parameters = {**geometry.parameters, **learning}
    run('accelerator', module, parameters, environment=environment_of(geometry))


@pytest.mark.parametrize('geometry', [*BINARY, pytest.param(LEVELS, id='levels')])
def test_accelerator_equals_the_reference(geometry: Geometry) -> None:
    simulate(geometry, 'hw.tests.accelerator_tests')


@pytest.mark.parametrize('geometry', BINARY)
def test_statistics_and_thresholds_equal_the_updaters(geometry: Geometry) -> None:
    simulate(geometry, 'hw.tests.statistics_tests')


@pytest.mark.parametrize('geometry', [BITS, LEVELS], ids=['bits', 'levels'])
def test_accelerator_learns_as_row_es(geometry: Geometry) -> None:
    simulate(geometry, 'hw.tests.learning_tests')


def environment_of(geometry: Geometry) -> dict[str, str]:
    return {
        'LANES': str(geometry.lanes),
        'WIDTHS': ','.join(map(str, geometry.widths)),
        'PLANES': str(geometry.pixel_planes),
        'WEIGHT_BITS': str(geometry.first_weight_bits),
        'VALUE_BITS': str(geometry.value_bits),
        'N_SAMPLES': str(N_SAMPLES),
        'STAT_BITS': str(STAT_BITS),
    }
