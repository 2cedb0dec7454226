"""Another simulator, behind another front end, answers as verilator does; claims of hw/tests."""

from edge_adapt.engines._accelerator import Geometry
import pytest

from hw.cosim.icarus import missing, run

pytestmark = [
    pytest.mark.rtl,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]

BITS = Geometry((40, 48, 33), n_classes=10, lanes=32)
LEVELS = Geometry((40, 24, 17), n_classes=10, lanes=64, value_bits=8)


@pytest.mark.parametrize('geometry', [BITS, LEVELS], ids=['bits', 'levels'])
def test_engines_equal_the_reference(geometry: Geometry) -> None:
    run(
        'accelerator',
        'hw.tests.accelerator_tests',
        geometry.parameters,
        environment=environment_of(geometry) | {'N_FRAMES': '16'},
        test_filter='logits_equal_the_reference',
    )


def test_sgd_head_equals_its_integers() -> None:
    run(
        'sgd_head',
        'hw.tests.sgd_head_tests',
        {'NClasses': 10, 'NFeatures': 32, 'BiasBits': 16},
        environment={'N_STEPS': '6'},
    )


def environment_of(geometry: Geometry) -> dict[str, str]:
    return {
        'LANES': str(geometry.lanes),
        'WIDTHS': ','.join(map(str, geometry.widths)),
        'VALUE_BITS': str(geometry.value_bits),
    }
