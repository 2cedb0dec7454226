"""
Line and toggle coverage of each module by the tests in the simulator; writes results.json here.

    python -m hw.coverage.run [run ...] [NAME=VALUE ...]     # all of RUNS by default

A name with a value goes to the environment of the tests. What a run passed is kept in its build,
so what was cut short goes on; results.json is written when all have run. A point counts as
covered where any of the runs came by. Lines that only elaboration runs, and `default` arms of
states that there are not, do not count. A toggle point is one direction of one bit of a signal;
bits of counters that these small networks do not reach count as not covered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
import json
from pathlib import Path
import re
import sys
import time
from typing import Any

from hw.cosim.build import build, RTL, run
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

HERE = Path(__file__).resolve().parent
# What bounds the time of the tests; a name with a value in the command comes before it.
CHOSEN = {'N_FRAMES': '100', 'N_WRITES': '4', 'N_GENERATIONS': '4', 'N_STEPS': '40'}


@dataclass(frozen=True)
class Run:
    """A build, and the tests that it is run with."""

    build: Build
    tests: tuple[str, ...]
    chosen: Mapping[str, str] = field(default_factory=dict)


_BITS = of_accelerator(BITS)
_LEVELS = of_accelerator(LEVELS)
RUNS = {
    'bits': Run(_BITS, ('accelerator_tests', 'register_tests')),
    'bits_learn': Run(_BITS, ('statistics_tests', 'learning_tests', 'flips_tests')),
    'pixels_int8': Run(of_accelerator(PIXELS_INT8), ('accelerator_tests', 'statistics_tests')),
    'levels': Run(_LEVELS, ('accelerator_tests', 'register_tests')),
    'levels_learn': Run(_LEVELS, ('learning_tests', 'descent_tests')),
    'convolved': Run(of_accelerator(CONVOLVED), ('accelerator_tests',)),
    'convolutions': Run(
        of_convolutions(CONVOLUTIONS_INT8), ('conv_engine_tests',), {'N_FRAMES': '1'}
    ),
    'descent': Run(of_descent(), ('sgd_head_tests',)),
}
_FUNCTION = re.compile(r'function automatic .*?(\w+)\(')
_NO_STATE = re.compile(r'\s*default: (state_q <= \w+)?;')
CONSTANT_FUNCTIONS = (
    *('halvings', 'images', 'last_lanes', 'last_ones', 'last_words', 'most_channels', 'starts'),
)
_POINT = re.compile(r"^C '(.*)' (\d+)$")
Point = tuple[str, str, str]  # file, kind, place
LINES = ('line', 'branch')


def kept(build_of: Build, tests: str, chosen: Mapping[str, str]) -> Path:
    """Return the file of what the tests passed, there or not yet."""
    folder = build(build_of.top, build_of.parameters, 'coverage')
    values = '-'.join(f'{name}={value}' for name, value in sorted(chosen.items()))
    return folder / f'coverage-{tests}-{values}.dat'


def cover(build_of: Build, tests: str, chosen: Mapping[str, str]) -> None:
    """Run tests, and keep what they passed; what is kept is not run again."""
    path = kept(build_of, tests, chosen)
    if not path.exists():
        environment = {**build_of.environment, **chosen}
        parts = (build_of.top, f'hw.tests.{tests}', build_of.parameters)
        run(*parts, purpose='coverage', environment=environment)
        path.with_name('coverage.dat').rename(path)


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


def table_of(hits: Mapping[Point, int]) -> dict[str, dict[str, Any]]:
    """Return module -> its shares of lines and of toggles."""
    return {
        module: {'line': share(hits, module, LINES), 'toggle': share(hits, module, ('toggle',))}
        for module in sorted({module for module, _, _ in hits})
    }


def main(words: list[str]) -> int:
    """Run the tests, tell of each, print a line of JSON a module, and write all."""
    asked = dict(word.split('=', 1) for word in words if '=' in word)
    names = [word for word in words if '=' not in word] or [*RUNS]
    if unknown := set(names) - set(RUNS):
        sys.stderr.write(f'there is no run {min(unknown)!r}; there are: {", ".join(RUNS)}\n')
        return 2
    hits: dict[Point, int] = defaultdict(int)
    for name in names:
        chosen = CHOSEN | dict(RUNS[name].chosen) | asked
        for tests in RUNS[name].tests:
            start_s = time.monotonic()
            cover(RUNS[name].build, tests, chosen)
            sys.stderr.write(f'{name} {tests}: {time.monotonic() - start_s:.0f} s\n')
            for point, n in points(kept(RUNS[name].build, tests, chosen)):
                hits[point] += n
    table = table_of(counted(hits))
    result = {
        'kind': 'simulated',
        'command': ' '.join(['python -m hw.coverage.run', *words]),
        'environment': CHOSEN | asked,
        'tools': {name: version(name) for name in ('verilator', 'cocotb')},
        'modules': table,
    }
    if len(names) == len(RUNS):
        (HERE / 'results.json').write_text(json.dumps(result, indent=2) + '\n')
    for module, figures in table.items():
        sys.stdout.write(json.dumps({'module': module, **figures}) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
