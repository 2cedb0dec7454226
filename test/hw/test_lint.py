"""The RTL is clean under `verilator -Wall`, and illegal parameters do not elaborate."""

import subprocess

from edge_adapt.engines._accelerator import Geometry
from edge_adapt.engines._accelerator_convolutions import ConvolutionGeometry
import pytest

from hw.cosim.build import missing, sources, use_verilator
from hw.lint.run import CONVOLUTIONS, GEOMETRIES, lint, lint_convolutions

pytestmark = [
    pytest.mark.rtl,
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]


@pytest.mark.parametrize('learning', [False, True])
@pytest.mark.parametrize('geometry', GEOMETRIES, ids=str)
def test_verilator_has_nothing_to_say(geometry: Geometry, learning: bool) -> None:
    assert lint(geometry, learning) == ''


@pytest.mark.parametrize('geometry', CONVOLUTIONS, ids=str)
def test_verilator_has_nothing_to_say_of_convolutions(geometry: ConvolutionGeometry) -> None:
    assert lint_convolutions(geometry) == ''


@pytest.mark.parametrize(
    ('parameter', 'sentence'),
    [
        ('Lanes=48', 'Lanes must be a power of two and at least 32, got 48'),
        ('PixelPlanes=4', 'PixelPlanes must be 1 (bits) or 8 (8-bit pixels), got 4'),
        ('FirstWeightBits=8', 'FirstWeightBits must be 1, or 8 on pixels, got 8'),
        ('NClasses=1', 'NClasses must be 2..256, got 1'),
        ('StatBits=13', 'StatBits must be 0..12, got 13'),
        ('SgdSamples=8', 'SgdSamples must be 0 where neurons give bits, got 8'),
        ('FlipSamples=1', 'FlipSamples and SgdSamples must be 0 or at least 2'),
    ],
)
def test_an_illegal_parameter_does_not_elaborate(parameter: str, sentence: str) -> None:
    use_verilator()
    command = ['verilator', '--lint-only', '--top-module', 'accelerator', f'-G{parameter}']
    done = subprocess.run(
        [*command, *map(str, sources())], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert sentence in done.stderr
