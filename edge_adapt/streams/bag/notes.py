"""What a bag that was made of a stream notes about it, in the metadata of rosbag2."""

from __future__ import annotations

from collections.abc import Mapping
import json
from typing import Any, NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.images import Region, WHOLE
from edge_adapt.streams import Segment, Stream
from edge_adapt.streams._schedule import names_in, parse


class Notes(NamedTuple):
    """Names of the classes, where in the image to look, and the segments; empty where unknown."""

    class_names: tuple[str, ...] = ()
    region: Region = WHOLE
    segments: tuple[Segment, ...] = ()


def taken(stream: Stream, schedule: str = '') -> dict[str, str]:
    """Return the notes to write for a stream; `schedule` is the text of its segments."""
    notes = {
        'class_names': json.dumps(stream.class_names),
        'region': json.dumps(stream.region),
    }
    return {**notes, 'schedule': schedule} if schedule else notes


def read(about: Mapping[str, str]) -> Notes:
    """Return the notes in a bag's metadata. Raises UsageError where they make no sense."""
    try:
        names = json.loads(about.get('class_names', '[]'))
        region = Region(*json.loads(about.get('region', '[]')))
        if not _are(str, names) or not _are(int, region) or min(region) < 0:
            raise TypeError(f'{names!r}, {region!r}')
        schedule = about.get('schedule')
        # The stream may have had lights of its own, as the rendered street has.
        segments = parse(schedule, names_in(schedule)) if schedule else ()
        return Notes(tuple(names), region, segments)
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f'the notes in the metadata make no sense: {error}') from error


def _are(kind: type, values: Any) -> bool:
    return all(type(value) is kind for value in values)
