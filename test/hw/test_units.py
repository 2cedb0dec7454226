"""Single modules with the largest numbers they can be built with; the claims are in hw/tests."""

import pytest

from hw.cosim.build import missing, run
from hw.tests.units import UNITS

SHORT = ('lines', 'frames', 'hidden_bits')  # the rest runs by `make hw`


@pytest.mark.rtl
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
@pytest.mark.parametrize(
    'name', [pytest.param(name, marks=[] if name in SHORT else pytest.mark.slow) for name in UNITS]
)
def test_a_unit_does_what_is_claimed(name: str) -> None:
    unit = UNITS[name]
    run(unit.top, f'hw.tests.{unit.top}_tests', unit.parameters, environment=unit.environment)
