"""The learning unit's RTL equals row_es bit for bit; the claims are in hw/tests."""

import pytest

from hw.cosim.build import missing, run
from hw.tables import texts


def test_the_tables_are_those_of_their_equations() -> None:
    for path, text in texts().items():
        assert path.read_text() == text, f'{path.name} is old: run python -m hw.tables'


@pytest.mark.rtl
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
@pytest.mark.parametrize(
    'n_generations', [64, pytest.param(1000, marks=pytest.mark.slow)], ids=['short', 'long']
)
@pytest.mark.parametrize('value_bits', [1, 8], ids=['bits', 'levels'])
def test_es_unit_equals_row_es(value_bits: int, n_generations: int) -> None:
    n_features, n_samples, lanes = 40, 64, 32 * value_bits
    run(
        'es_unit',
        'hw.tests.es_unit_tests',
        {
            'NClasses': 10,
            'NFeatures': n_features,
            'NSamples': n_samples,
            'ValueBits': value_bits,
            'Lanes': lanes,
        },
        environment={
            'N_FEATURES': str(n_features),
            'N_SAMPLES': str(n_samples),
            'VALUE_BITS': str(value_bits),
            'LANES': str(lanes),
            'N_GENERATIONS': str(n_generations),
        },
    )
