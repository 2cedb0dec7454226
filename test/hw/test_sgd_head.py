"""Descent in RTL equals its integers; the claims are in hw/tests."""

import pytest

from hw.cosim.build import missing, run

N_CLASSES, N_FEATURES, BIAS_BITS = 10, 32, 16  # biases narrow enough to saturate


@pytest.mark.rtl
@pytest.mark.timeout(600)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
def test_sgd_head_equals_its_integers() -> None:
    run(
        'sgd_head',
        'hw.tests.sgd_head_tests',
        {'NClasses': N_CLASSES, 'NFeatures': N_FEATURES, 'BiasBits': BIAS_BITS},
        environment={
            'N_CLASSES': str(N_CLASSES),
            'N_FEATURES': str(N_FEATURES),
            'BIAS_BITS': str(BIAS_BITS),
        },
    )
