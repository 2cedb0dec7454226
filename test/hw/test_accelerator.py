"""The accelerator's RTL equals the reference bit for bit; the claims are in hw/tests."""

from edge_adapt.engines._accelerator import Geometry
import pytest

from hw.cosim.build import missing, run
from hw.tests.builds import (
    BITS,
    CONVOLVED,
    LEVELS,
    of_accelerator,
    PASSED_BY,
    PIXELS,
    PIXELS_INT8,
)

pytestmark = [
    pytest.mark.rtl,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]

LONG = pytest.mark.slow  # `make hw` runs these, too


BINARY = [
    pytest.param(BITS, id='bits'),
    pytest.param(PIXELS, marks=LONG, id='pixels'),
    pytest.param(PIXELS_INT8, marks=LONG, id='pixels-int8'),
]
SHORT_AND_LONG = [pytest.param(False, id='short'), pytest.param(True, marks=LONG, id='long')]


def simulate(geometry: Geometry, module: str, **chosen: int) -> None:
    build = of_accelerator(geometry)
    numbers = {name: str(value) for name, value in chosen.items()}
    run(build.top, module, build.parameters, environment=build.environment | numbers)


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
