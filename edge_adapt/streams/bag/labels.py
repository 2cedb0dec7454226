"""Who says what a frame shows: the names of classes, and a file of stamps and classes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path

from edge_adapt.errors import UsageError
from edge_adapt.records import UNKNOWN

# Stamps that went through floating-point seconds are off by up to a microsecond.
_TOLERANCE_NS = 500_000


def class_index(name: str, class_names: Sequence[str]) -> int:
    """Return the index of a class by its name, or by its number; UNKNOWN where it is neither."""
    if name in class_names:
        return list(class_names).index(name)
    if name.isascii() and name.isdigit() and int(name) < len(class_names):
        return int(name)
    return UNKNOWN


class LabelFile:
    """
    A CSV file 'stamp,class': nanoseconds as an integer, or seconds with a decimal point.

    A first line of words is a heading. Raises UsageError naming the line that is wrong.
    """

    def __init__(self, path: Path, class_names: Sequence[str]) -> None:
        rows = list(_rows(path, class_names))
        if not rows:
            raise UsageError(f'{path} has no labels')
        rows.sort()
        self._stamps_ns = [stamp_ns for stamp_ns, _ in rows]
        self._labels = [label for _, label in rows]

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, stamp_ns: int) -> int:
        """Return the label whose stamp is that of the frame to half a millisecond, or UNKNOWN."""
        at = bisect_left(self._stamps_ns, stamp_ns - _TOLERANCE_NS)
        near = range(at, min(at + 64, len(self._stamps_ns)))
        best = min(near, key=lambda i: abs(self._stamps_ns[i] - stamp_ns), default=None)
        if best is None or abs(self._stamps_ns[best] - stamp_ns) > _TOLERANCE_NS:
            return UNKNOWN
        return self._labels[best]


def _rows(path: Path, class_names: Sequence[str]) -> list[tuple[int, int]]:
    try:
        text = path.read_text('utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f'{path} cannot be read as labels: {error}') from error
    rows = []
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        fields = [field.strip() for field in row]
        if not any(fields) or (number == 1 and _stamp(fields[0]) is None):
            continue
        if len(fields) != 2:
            raise UsageError(f'{path}, line {number}: expected stamp,class, got {",".join(row)!r}')
        stamp_ns, label = _stamp(fields[0]), class_index(fields[1], class_names)
        if stamp_ns is None:
            raise UsageError(f'{path}, line {number}: {fields[0]!r} is not a stamp')
        if label == UNKNOWN:
            raise UsageError(
                f'{path}, line {number}: there is no class {fields[1]!r}; there are:'
                f' {", ".join(class_names)}'
            )
        rows.append((stamp_ns, label))
    return rows


def _stamp(text: str) -> int | None:
    """Return nanoseconds, or None where the text is no stamp."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 <= number < 2**63:
        return None
    return int(number * 1_000_000_000) if '.' in text else int(number)
