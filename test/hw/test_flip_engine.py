"""Bit flips in RTL equal their integers; the claims are in hw/tests."""

from edge_adapt.engines._accelerator import Geometry
import pytest

from hw.cosim.build import missing, run

GEOMETRY = Geometry((40, 48, 33), n_classes=10, lanes=32)
N_SAMPLES = 8


@pytest.mark.rtl
@pytest.mark.timeout(600)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
def test_flip_engine_equals_its_integers() -> None:
    names = ('Lanes', 'NLayers', 'Widths', 'NClasses')
    parameters = {name: GEOMETRY.parameters[name] for name in names}
    run(
        'flip_engine',
        'hw.tests.flip_engine_tests',
        {**parameters, 'NSamples': N_SAMPLES},
        environment={
            'LANES': str(GEOMETRY.lanes),
            'WIDTHS': ','.join(map(str, GEOMETRY.widths)),
        },
    )
