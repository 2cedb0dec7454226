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
LEARNING: dict[str, int | str] = {'EsSamples': 64, 'StatBits': 6}
RUNS = (
    (Geometry((40, 48, 33), 10, 32), ('accelerator_tests', 'statistics_tests', 'learning_tests')),
    (Geometry((20, 9), 10, 32, 8, 8), ('accelerator_tests', 'statistics_tests')),
)
_POINT = re.compile(r"^C '(.*)' (\d+)$")
Point = tuple[str, str, str]  # file, kind, place
LINES = ('line', 'branch')


def environment_of(geometry: Geometry) -> dict[str, str]:
    """Return what the tests of the accelerator read of a geometry."""
    return {
        'LANES': str(geometry.lanes),
        'WIDTHS': ','.join(map(str, geometry.widths)),
        'PLANES': str(geometry.pixel_planes),
        'WEIGHT_BITS': str(geometry.first_weight_bits),
        'N_SAMPLES': str(LEARNING['EsSamples']),
        'STAT_BITS': str(LEARNING['StatBits']),
    }


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
        parameters = geometry.parameters | LEARNING
        folder = build('accelerator', parameters, 'coverage')
        for module in modules:
            environment = environment_of(geometry) | chosen
            run(
                'accelerator',
                f'hw.tests.{module}',
                parameters,
                purpose='coverage',
                environment=environment,
            )
            for point, n in points(folder / 'coverage.dat'):
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
