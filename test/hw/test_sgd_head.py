"""Descent in RTL equals its integers; the claims are in hw/tests."""

import pytest

from hw.cosim.build import missing, run
from hw.tests.builds import of_descent


@pytest.mark.rtl
@pytest.mark.timeout(600)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
def test_sgd_head_equals_its_integers() -> None:
    build = of_descent()
    run(build.top, 'hw.tests.sgd_head_tests', build.parameters, environment=build.environment)
