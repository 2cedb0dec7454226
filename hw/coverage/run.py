"""
Line and toggle coverage of each module by the tests in the simulator; writes results.json here.

    python -m hw.coverage.run [NAME=VALUE ...]     # environment of the tests, say N_FRAMES=200

A point counts as covered where any of the runs came by. Lines that only elaboration runs, and
`default` arms of states that there are not, do not count. A toggle point is one direction of one
bit of a signal; bits of counters that these small networks do not reach count as not covered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
import json
from pathlib import Path
import re
import sys
from typing import Any

from edge_adapt.engines._accelerator import Geometry

from hw.cosim.build import build, Parameters, RTL, run

HERE = Path(__file__).resolve().parent
N_SAMPLES, STAT_BITS = 64, 6
ALL = ('accelerator_tests', 'register_tests', 'statistics_tests', 'learning_tests')


@dataclass(frozen=True)
class Run:
    """A module with its parameters, and the tests it is run with in an environment."""

    top: str
    parameters: Parameters
    environment: Mapping[str, str]
    tests: tuple[str, ...]


def of_accelerator(geometry: Geometry, tests: tuple[str, ...]) -> Run:
    """Return the run of a build that has all that the geometry can have."""
    stat_bits = STAT_BITS if geometry.value_bits == 1 else 0
    return Run(
        'accelerator',
        geometry.parameters | {'EsSamples': N_SAMPLES, 'StatBits': stat_bits},
        environment_of(geometry),
        tests,
    )


def environment_of(geometry: Geometry) -> dict[str, str]:
    """Return what the tests of the accelerator read of a geometry."""
    return {
        'LANES': str(geometry.lanes),
        'WIDTHS': ','.join(map(str, geometry.widths)),
        'PLANES': str(geometry.pixel_planes),
        'WEIGHT_BITS': str(geometry.first_weight_bits),
        'VALUE_BITS': str(geometry.value_bits),
        'N_SAMPLES': str(N_SAMPLES),
        'STAT_BITS': str(STAT_BITS),
    }


RUNS = (
    of_accelerator(Geometry((40, 48, 33), 10, 32), ALL),
    of_accelerator(Geometry((20, 9), 10, 32, 8, 8), ALL[:3]),
    of_accelerator(Geometry((40, 24, 17), 10, 64, value_bits=8), (*ALL[:2], ALL[3])),
    Run('sgd_head', {'NClasses': 10, 'NFeatures': 32, 'BiasBits': 16}, {}, ('sgd_head_tests',)),
)
_FUNCTION = re.compile(r'function automatic .*?(\w+)\(')
_NO_STATE = re.compile(r'\s*default: (state_q <= \w+)?;')
CONSTANT_FUNCTIONS = ('images', 'last_ones', 'last_words', 'starts')
_POINT = re.compile(r"^C '(.*)' (\d+)$")
Point = tuple[str, str, str]  # file, kind, place
LINES = ('line', 'branch')


def covered(run_of: Run, tests: str, chosen: dict[str, str]) -> Path:
    """Run tests, and return the file of what they passed; what is there is not run again."""
    folder = build(run_of.top, run_of.parameters, 'coverage')
    kept = folder / f'coverage-{tests}-{"-".join(chosen.values())}.dat'
    if not kept.exists():
        run(
            run_of.top,
            f'hw.tests.{tests}',
            run_of.parameters,
            purpose='coverage',
            environment={**run_of.environment, **chosen},
        )
        (folder / 'coverage.dat').rename(kept)
    return kept


def points(path: Path) -> Iterator[tuple[Point, int]]:
    """Yield the points of a coverage file of verilator, and how often each was passed."""
    for line in path.read_text().splitlines():
        if match := _POINT.match(line):
            fields = dict(
                part.split('\x02', 1) for part in match[1].split('\x01') if '\x02' in part
            )
            kind = fields['page'].partition('/')[0].removeprefix('v_')
            place = ':'.join(fields.get(name, '') for name in ('l', 'n', 'o'))
            yield (Path(fields['f']).stem, kind, place), int(match[2])


def counted(hits: Mapping[Point, int]) -> dict[Point, int]:
    """Return the points without lines that no simulation runs (`idle_lines`)."""
    idle = {name: idle_lines(RTL / f'{name}.sv') for name in {point[0] for point in hits}}
    return {
        (name, kind, place): n
        for (name, kind, place), n in hits.items()
        if kind not in LINES or int(place.partition(':')[0]) not in idle[name]
    }


def idle_lines(path: Path) -> set[int]:
    """Return lines of functions that only elaboration calls, and of arms for no state at all."""
    found, inside = set(), False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if match := _FUNCTION.search(line):
            inside = path.stem == 'geometry_pkg' or match[1] in CONSTANT_FUNCTIONS
        if inside or _NO_STATE.match(line):
            found.add(number)
        inside = inside and 'endfunction' not in line
    return found


def share(hits: Mapping[Point, int], module: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return how many of a module's points were passed."""
    counts = [n for (name, kind, _), n in hits.items() if name == module and kind in kinds]
    covered = sum(n > 0 for n in counts)
    percent = round(100 * covered / len(counts), 1) if counts else None
    return {'covered': covered, 'points': len(counts), 'percent': percent}


def main(words: list[str]) -> int:
    """Run the tests, print a line of JSON a module, and write all."""
    chosen = dict(word.split('=', 1) for word in words)
    hits: dict[Point, int] = defaultdict(int)
    for run_of in RUNS:
        for tests in run_of.tests:
            for point, n in points(covered(run_of, tests, chosen)):
                hits[point] += n
    hits = counted(hits)
    table = {
        module: {'line': share(hits, module, LINES), 'toggle': share(hits, module, ('toggle',))}
        for module in sorted({module for module, _, _ in hits})
    }
    result = {
        'kind': 'simulated',
        'command': ' '.join(['python -m hw.coverage.run', *words]),
        'tools': {name: version(name) for name in ('verilator', 'cocotb')},
        'modules': table,
    }
    (HERE / 'results.json').write_text(json.dumps(result, indent=2) + '\n')
    for module, figures in table.items():
        sys.stdout.write(json.dumps({'module': module, **figures}) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
