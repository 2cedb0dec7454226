"""Schedules as text."""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.streams import Segment
from edge_adapt.streams._schedule import parse
import pytest


def test_segments_follow_each_other() -> None:
    assert parse('clean:300, contrast@0.5:450,blur+noise@0..1:101') == (
        Segment('clean', 0, 300),
        Segment('contrast', 300, 450, 0.5, 0.5),
        Segment('blur+noise', 750, 101, 0.0, 1.0),
    )


def test_a_ramp_reaches_both_of_its_ends() -> None:
    ramp = parse('clean:10,dark@.2..0.8:101')[1]
    assert [ramp.severity(i) for i in (10, 60, 110)] == pytest.approx([0.2, 0.5, 0.8])


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('', "part ''"),
        ('clean', "part 'clean' is not like"),
        ('clean:', "part 'clean:' is not like"),
        ('clean:300,,clean:300', "part ''"),
        ('clean:-3', 'is not like'),
        ('clean:0', '1 to 10000000 frames'),
        ('clean:99999999999', '1 to 10000000 frames'),
        ('clean:9999999,clean:2', '1 to 10000000 frames'),
        ('fog@2:300', 'not within 0..1'),
        ('fog@:300', 'is not like'),
        ('fog@0..7:300', 'not within 0..1'),
        ('fgo:300', "no corruption 'fgo'; there are: black"),
        ('fog+:300', "no corruption ''"),
    ],
)
def test_a_wrong_part_is_named(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse(text)
