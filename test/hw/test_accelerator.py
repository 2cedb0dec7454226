"""The accelerator's RTL equals the reference bit for bit; the claims are in hw/tests."""

from edge_adapt.engines._accelerator import Geometry
import pytest

from hw.cosim.build import missing, run

pytestmark = [
    pytest.mark.rtl,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]


@pytest.mark.parametrize(
    'geometry',
    [
        Geometry((40, 48, 33), n_classes=10, lanes=32, pixel_planes=1),
        pytest.param(Geometry((70, 17), 10, 64, 8, 1), marks=pytest.mark.slow),
        pytest.param(Geometry((20, 9), 10, 32, 8, 8), marks=pytest.mark.slow),
    ],
    ids=['bits', 'pixels', 'pixels-int8'],
)
def test_accelerator_equals_the_reference(geometry: Geometry) -> None:
    run(
        'accelerator',
        'hw.tests.accelerator_tests',
        geometry.parameters,
        environment={
            'LANES': str(geometry.lanes),
            'WIDTHS': ','.join(map(str, geometry.widths)),
            'PLANES': str(geometry.pixel_planes),
            'WEIGHT_BITS': str(geometry.first_weight_bits),
        },
    )
