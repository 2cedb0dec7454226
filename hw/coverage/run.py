"""
Line and toggle coverage of each module by the tests in the simulator; writes results.json here.

    python -m hw.coverage.run [NAME=VALUE ...]     # environment of the tests, say N_FRAMES=200

A point counts as covered where any of the runs came by. A toggle point is one direction of one bit
of a signal; its share is given with all bits and without those of constants, which have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
import json
from pathlib import Path
import re
import sys
from typing import Any

from edge_adapt.engines._accelerator import Geometry

from hw.cosim.build import build, run

HERE = Path(__file__).resolve().parent
N_SAMPLES, STAT_BITS = 64, 6
ALL = ('accelerator_tests', 'statistics_tests', 'learning_tests')
RUNS = (
    (Geometry((40, 48, 33), 10, 32), ALL),
    (Geometry((20, 9), 10, 32, 8, 8), ALL[:2]),
    (Geometry((40, 24, 17), 10, 64, value_bits=8), (ALL[0], ALL[2])),
)
_POINT = re.compile(r"^C '(.*)' (\d+)$")
Point = tuple[str, str, str]  # file, kind, place
LINES = ('line', 'branch')


def parameters_of(geometry: Geometry) -> dict[str, int | str]:
    """Return the parameters of a build that has all that the geometry can have."""
    stat_bits = STAT_BITS if geometry.value_bits == 1 else 0
    return geometry.parameters | {'EsSamples': N_SAMPLES, 'StatBits': stat_bits}


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


def covered(geometry: Geometry, module: str, chosen: dict[str, str]) -> Path:
    """Run tests, and return the file of what they passed; what is there is not run again."""
    parameters = parameters_of(geometry)
    folder = build('accelerator', parameters, 'coverage')
    kept = folder / f'coverage-{module}-{"-".join(chosen.values())}.dat'
    if not kept.exists():
        environment = environment_of(geometry) | chosen
        tests = f'hw.tests.{module}'
        run('accelerator', tests, parameters, purpose='coverage', environment=environment)
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


def share(hits: dict[Point, int], module: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return how many of a module's points were passed."""
    counts = [n for (name, kind, _), n in hits.items() if name == module and kind in kinds]
    covered = sum(n > 0 for n in counts)
    percent = round(100 * covered / len(counts), 1) if counts else None
    return {'covered': covered, 'points': len(counts), 'percent': percent}


def main(words: list[str]) -> int:
    """Run the tests, print a line of JSON a module, and write all."""
    chosen = dict(word.split('=', 1) for word in words)
    hits: dict[Point, int] = defaultdict(int)
    for geometry, modules in RUNS:
        for module in modules:
            for point, n in points(covered(geometry, module, chosen)):
                hits[point] += n
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
