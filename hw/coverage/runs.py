"""What is run for coverage: builds, the tests of each, and what bounds their time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edge_adapt.engines._accelerator import Geometry

from hw.tests.builds import (
    BITS,
    Build,
    CONVOLUTIONS_INT8,
    CONVOLVED,
    LEVELS,
    of_accelerator,
    of_convolutions,
    of_descent,
    PIXELS_INT8,
)
from hw.tests.units import UNITS

# What bounds the time of the tests; a name with a value in the command comes before it.
CHOSEN = {'N_FRAMES': '40', 'N_WRITES': '2', 'N_GENERATIONS': '4', 'N_STEPS': '40'}
FILTER = 'COCOTB_TEST_FILTER'  # a regular expression of the tests to run
DEEP = Geometry((8160, 31, 64, 64), n_classes=10, lanes=32)  # 8,160 words of weights


@dataclass(frozen=True)
class Run:
    """A build, and the tests that it is run with."""

    build: Build
    tests: tuple[str, ...]
    chosen: Mapping[str, str] = field(default_factory=lambda: CHOSEN)


def _deep() -> Build:
    build, learning = of_accelerator(DEEP), {'FlipSamples': 4}
    environment = {**build.environment, 'N_CLASSES': '10', 'FLIP_SAMPLES': '4'}
    return replace(build, parameters={**build.parameters, **learning}, environment=environment)


_BITS, _PIXELS = of_accelerator(BITS), of_accelerator(PIXELS_INT8)
_LEVELS = of_accelerator(LEVELS)
RUNS = {
    'bits': Run(_BITS, ('accelerator_tests', 'register_tests')),
    'bits_learn': Run(_BITS, ('statistics_tests', 'learning_tests', 'flips_tests')),
    'pixels_int8': Run(
        _PIXELS, ('accelerator_tests',), CHOSEN | {FILTER: 'idle=True|hidden|reads_back|decide'}
    ),
    'pixels_int8_learn': Run(_PIXELS, ('statistics_tests',), CHOSEN | {FILTER: 'moments|probes'}),
    'levels': Run(_LEVELS, ('accelerator_tests', 'register_tests')),
    'levels_learn': Run(_LEVELS, ('learning_tests', 'descent_tests')),
    'deep': Run(_deep(), ('deep_tests',)),
    'convolved': Run(
        of_accelerator(CONVOLVED),
        ('accelerator_tests',),
        CHOSEN | {'N_FRAMES': '20', 'N_WRITES': '1', FILTER: 'probe|reads_back|no_frame|label'},
    ),
    'convolutions': Run(
        of_convolutions(CONVOLUTIONS_INT8), ('conv_engine_tests',), CHOSEN | {'N_FRAMES': '1'}
    ),
    'descent': Run(of_descent(), ('sgd_head_tests',)),
    **{name: Run(build, (f'{build.top}_tests',), {}) for name, build in UNITS.items()},
}
