"""
Lint the RTL: verilator -Wall for every geometry that is built, verible where it is installed.

    python -m hw.lint.run
"""

from __future__ import annotations

from pathlib import Path
import shutil
import subprocess
import sys

from edge_adapt.engines._accelerator import Geometry
from edge_adapt.engines._accelerator_convolutions import ConvolutionGeometry

from hw.cosim.build import Parameters, sources, use_verilator

GEOMETRIES = (
    Geometry((784, 256, 256), 10),
    Geometry((40, 33), 3, lanes=32, pixel_planes=8),
    Geometry((64, 256, 256), 10, pixel_planes=8, first_weight_bits=8),
    Geometry((784, 64, 32), 10, lanes=256, value_bits=8),
    Geometry(
        (32, 33), 10, 32, convolutions=ConvolutionGeometry(5, 5, (1, 8, 8), (True, False), 32)
    ),
)
CONVOLUTIONS = (
    ConvolutionGeometry(28, 28, (1, 64, 64), (True, True)),
    ConvolutionGeometry(7, 5, (3, 16, 64), (False, True), 32, 1),
)


def lint(geometry: Geometry, learning: bool = False) -> str:
    """Return what verilator says of the accelerator of one geometry; '' where it is clean."""
    return _lint('accelerator', geometry.learning_parameters if learning else geometry.parameters)


def lint_convolutions(geometry: ConvolutionGeometry) -> str:
    """Return what verilator says of the convolutions of one geometry; '' where it is clean."""
    return _lint('conv_engine', geometry.parameters)


def _lint(top: str, values: Parameters) -> str:
    use_verilator()
    parameters = [f'-G{name}={value}' for name, value in values.items()]
    command = ['verilator', '--lint-only', '--quiet', '-Wall', '--top-module', top]
    done = subprocess.run(
        [*command, *parameters, *map(str, sources(top))], capture_output=True, text=True
    )
    return done.stdout + done.stderr if done.returncode else ''


def lint_style() -> str:
    """Return what verible says of the files; '' where it is clean."""
    program = shutil.which('verible-verilog-lint', path=str(Path(sys.executable).parent))
    if program is None:
        return 'verible-verilog-lint is not installed: run make hw\n'
    done = subprocess.run([program, *map(str, sources())], capture_output=True, text=True)
    return done.stdout + done.stderr


def main() -> int:
    """Lint all; 1 where something was said."""
    said = [lint(geometry, learning) for geometry in GEOMETRIES for learning in (False, True)]
    said.extend(map(lint_convolutions, CONVOLUTIONS))
    said.append(lint_style())
    sys.stdout.write(''.join(said))
    return int(any(said))


if __name__ == '__main__':
    sys.exit(main())
