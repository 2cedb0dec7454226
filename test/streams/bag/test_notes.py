"""What a bag notes about the stream it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.images import WHOLE
from edge_adapt.streams.bag import notes
from edge_adapt.streams.bag.recording import Recording
from edge_adapt.streams.digits import Digits
import pytest


def test_what_was_noted_is_read(stream: Any) -> None:
    found = notes.read(notes.taken(stream, 'clean:20,contrast:20'))
    assert found == (stream.class_names, stream.region, stream.segments)


def test_a_stream_may_have_had_names_of_its_own() -> None:
    found = notes.read({'schedule': 'day:30,dusk@0.5:10'})
    assert [(s.name, s.stop, s.is_damaged) for s in found.segments] == [
        ('day', 30, False),
        ('dusk', 40, True),
    ]


def test_no_notes_are_no_mistake() -> None:
    assert notes.read({}) == ((), WHOLE, ())


@pytest.mark.parametrize(
    'about',
    [
        {'class_names': '['},
        {'class_names': '3'},
        {'class_names': '[1]'},
        {'region': '[1, 2, 3, 4, 5]'},
        {'region': '[-1]'},
        {'region': '["x"]'},
        {'region': '{"a": 1}'},
        {'schedule': 'rain'},
        {'schedule': 5},
        {'region': None},
        ['region'],
    ],
)
def test_notes_that_make_no_sense_are_told(about: Any) -> None:
    with pytest.raises(UsageError, match='make no sense'):
        notes.read(about)


def test_a_bag_with_bad_notes_is_used_without_them(bags: Path) -> None:
    metadata = bags / 'mcap' / 'metadata.yaml'
    metadata.write_text(metadata.read_text().replace('[80, 40, 160, 160]', '[80, 40'))
    recording = Recording(bags / 'mcap', class_names=Digits.class_names)
    assert recording.region == WHOLE
    assert len(list(recording)) == 40
    assert any('make no sense' in text for text in recording.tally.sentences())
