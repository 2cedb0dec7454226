"""
Schedules as text: 'clean:300,contrast:450,clean:300'.

    schedule  = segment {',' segment}
    segment   = damage ['@' severity ['..' severity]] ':' frames
    damage    = name {'+' name}          the corruptions, or 'stuck': the image stands still

'fog@0.5:300' holds half the severity, 'dark@0..1:2000' creeps in.
"""

from __future__ import annotations

from collections.abc import Sequence
import re

from edge_adapt import corruptions
from edge_adapt.errors import UsageError
from edge_adapt.streams import Segment

STUCK = 'stuck'
_NUMBER = r'\d+(?:\.\d+)?|\.\d+'
_SEGMENT = re.compile(rf'([a-z_+]+)(?:@({_NUMBER})(?:\.\.({_NUMBER}))?)?:(\d+)')
_MAX_FRAMES = 10_000_000


def parse(text: str, known: Sequence[str] = ()) -> tuple[Segment, ...]:
    """
    Return the segments of a schedule. Raises UsageError naming the part that is wrong.

    `known` are the names there are, the corruptions where it is empty.
    """
    segments: list[Segment] = []
    start = 0
    for part in text.replace(' ', '').split(','):
        match = _SEGMENT.fullmatch(part)
        if match is None:
            raise UsageError(
                f'schedule part {part!r} is not like contrast:450, fog@0.5:300 or dark@0..1:2000'
            )
        name, first, last, n_frames = match.groups()
        _check_names(name, known)
        first_severity = float(first or 1)
        segment = Segment(
            name, start, int(n_frames), first_severity, float(last or first_severity)
        )
        if max(segment.first_severity, segment.last_severity) > 1:
            raise UsageError(f'schedule part {part!r} has a severity that is not within 0..1')
        if not 0 < segment.n_frames <= _MAX_FRAMES - start:
            raise UsageError(f'schedule part {part!r}: a stream has 1 to {_MAX_FRAMES} frames')
        segments.append(segment)
        start = segment.stop
    return tuple(segments)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of a schedule, whatever they are."""
    return tuple(re.findall(r'[a-z_]+', text))


def _check_names(damage: str, names: Sequence[str]) -> None:
    known = names or [*corruptions.names(), STUCK]
    for name in damage.split('+'):
        if name not in known:
            raise UsageError(f'there is no corruption {name!r}; there are: {", ".join(known)}')
