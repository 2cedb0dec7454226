"""Points of coverage as verilator writes them: lines, branches, and directions of single bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
import re
from typing import Any, NamedTuple

from hw.cosim.build import RTL

_FUNCTION = re.compile(r'function automatic .*?(\w+)\(')
_NO_STATE = re.compile(r'\s*default: (state_q <= \w+)?;')
CONSTANT_FUNCTIONS = (
    *('halvings', 'images', 'last_lanes', 'last_ones', 'last_words', 'most_channels', 'starts'),
)
_POINT = re.compile(r"^C '(.*)' (\d+)$")
_BIT = re.compile(r'(.*?)(?:\[(\d+)\])?:(0->1|1->0)$')
Point = tuple[str, str, str]  # file, kind, place
LINES = ('line', 'branch')


class Bit(NamedTuple):
    """One direction of one bit of a signal."""

    signal: str
    place: int
    direction: str


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


def bit_of(point: Point) -> Bit | None:
    """Return the bit of a toggle point; that of anything else is None."""
    _, kind, place = point
    match = _BIT.match(place.split(':', 2)[2]) if kind == 'toggle' else None
    return Bit(match[1], int(match[2] or 0), match[3]) if match else None


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


def missing(hits: Mapping[Point, int], module: str) -> Iterator[str]:
    """Yield the lines of a module that no test ran, and each signal's bits that did not move."""
    bits: dict[tuple[str, str], set[int]] = {}
    for point, n in hits.items():
        if point[0] != module or n:
            continue
        if bit := bit_of(point):
            bits.setdefault((bit.signal, bit.direction), set()).add(bit.place)
        else:
            line, column, what = point[2].split(':', 2)
            yield f'{module}.sv:{line}:{column} {what}'
    for (signal, direction), indices in sorted(bits.items()):
        yield f'{module} {signal} {direction} {ranges(indices)}'


def ranges(indices: set[int]) -> str:
    """Return bits as `7:4 1`."""
    found: list[list[int]] = []
    for index in sorted(indices):
        if found and index == found[-1][1] + 1:
            found[-1][1] = index
        else:
            found.append([index, index])
    return ' '.join(f'{b}:{a}' if a != b else f'{a}' for a, b in reversed(found))
