"""One cell of a sweep: one stream, one setting of everything, one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.contest import contest, VARIED
from edge_adapt.evaluation.row import row_of
from edge_adapt.networks.model import Model
from edge_adapt.parameter import Parameter
from edge_adapt.parameters import ADAPTATION, CAMERA, INFERENCE
from edge_adapt.streams import Stream

NODE_NAMES = (
    *('label_share', 'seed', 'model', 'reference', 'region', 'ladder', 'min_gain', 'max_step'),
    *(
        'max_updates_per_hour',
        'max_new_classes',
        'vote_frames',
        'tracks',
        'stream',
        'schedule',
        'order',
    ),
)
BAG_NAMES = ('image_topic', 'label_topic', 'labels')
TABLE: Mapping[str, Parameter] = {
    **{
        parameter.name: parameter
        for parameter in (*CAMERA, *INFERENCE, *ADAPTATION)
        if parameter.name in (*NODE_NAMES, *VARIED)
    },
    'bag': Parameter('bag', '', 'A folder or file; empty is the stream.'),
    'label_delay': Parameter('label_delay', 0, 'Frames until a label is told.', minimum=0),
    **{name: Parameter(name, '', 'Of the bag.') for name in BAG_NAMES},
}
Result = dict[str, Any]  # 'row' and 'notes', or 'error': a sentence


@dataclass(frozen=True)
class Cell:
    """Settings by name, as in TABLE; those that are not named have their defaults."""

    settings: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits: equal settings on an equal bag have an equal key."""
        known = {**self.settings, 'files': _files(self.settings.get('bag', ''))}
        text = json.dumps(known, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings; UsageError for a name nobody knows or a value that is not legal."""
    for name, value in settings.items():
        if name not in TABLE:
            raise UsageError(f'there is no setting {name!r}; there are: {", ".join(TABLE)}')
        kind = type(TABLE[name].default)
        is_number = kind is float and isinstance(value, int) and not isinstance(value, bool)
        if type(value) is not kind and not is_number:
            raise UsageError(f'{name} must be a {kind.__name__}, got {value!r}')
        if reason := TABLE[name].refusal(value):
            raise UsageError(reason)
    return dict(settings)


def run(settings: Mapping[str, Any]) -> Result:
    """Run a cell; a mistake of the user's becomes a sentence, so that the others go on."""
    cv2.setNumThreads(1)
    try:
        return _run({**{name: each.default for name, each in TABLE.items()}, **settings})
    except UsageError as error:
        return {'error': str(error)}


def _run(settings: dict[str, Any]) -> Result:
    stream, region = _opened(settings)
    chosen = {name: settings[name] for name in VARIED}
    get = {**settings, 'region': region, 'store': ''}.__getitem__
    [entry, *_] = contest(stream, get, [chosen], label_delay=settings['label_delay'])
    model = Model.load(settings['model'])
    row = row_of(entry, model.network.head.n_classes, model.digest)
    tally = getattr(stream, 'tally', None)
    return {'row': row, 'notes': tally.sentences() if tally else []}


def _opened(settings: Mapping[str, Any]) -> tuple[Stream, str]:
    if settings['bag']:
        # Imported on use: who has no library for bags can use everything else.
        from edge_adapt.evaluation.recorded import recorded

        names = ('model', 'region', *BAG_NAMES)
        return recorded(Path(settings['bag']), **{name: settings[name] for name in names})
    arguments = {name: settings[name] for name in ('schedule', 'order', 'seed')}
    stream: Stream = registry.load('streams', settings['stream'])(**arguments)
    return stream, ','.join(map(str, stream.region))


def _files(bag: str) -> list[tuple[str, int]]:
    """Return the names and sizes of a bag's files: another recording has others."""
    path = Path(bag)
    files = [path] if path.is_file() else sorted(path.glob('*')) if bag else []
    return [(file.name, file.stat().st_size) for file in files if file.is_file()]
