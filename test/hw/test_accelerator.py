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
STAT_BITS = 6
# on bits, on pixels
LEARNING = {
    True: {'EsSamples': 64, 'StatBits': STAT_BITS},
    False: {'EsSamples': 0, 'StatBits': STAT_BITS},
}


GEOMETRIES = pytest.mark.parametrize(
    'geometry',
    [
        BITS,
        pytest.param(Geometry((70, 17), 10, 64, 8, 1), marks=pytest.mark.slow),
        pytest.param(Geometry((20, 9), 10, 32, 8, 8), marks=pytest.mark.slow),
    ],
    ids=['bits', 'pixels', 'pixels-int8'],
)


def simulate(geometry: Geometry, module: str) -> None:
    parameters = {**geometry.parameters, **LEARNING[geometry.pixel_planes == 1]}
    run('accelerator', module, parameters, environment=environment_of(geometry))


@GEOMETRIES
def test_accelerator_equals_the_reference(geometry: Geometry) -> None:
    simulate(geometry, 'hw.tests.accelerator_tests')


@GEOMETRIES
def test_statistics_and_thresholds_equal_the_updaters(geometry: Geometry) -> None:
    simulate(geometry, 'hw.tests.statistics_tests')


def test_accelerator_learns_as_row_es() -> None:
    simulate(BITS, 'hw.tests.learning_tests')


def environment_of(geometry: Geometry) -> dict[str, str]:
    return {
        'LANES': str(geometry.lanes),
        'WIDTHS': ','.join(map(str, geometry.widths)),
        'PLANES': str(geometry.pixel_planes),
        'WEIGHT_BITS': str(geometry.first_weight_bits),
        'N_SAMPLES': str(LEARNING[True]['EsSamples']),
        'STAT_BITS': str(STAT_BITS),
    }
