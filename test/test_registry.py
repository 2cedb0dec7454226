"""A room lists itself."""

from __future__ import annotations

from importlib.util import find_spec

from edge_adapt.errors import UsageError
from edge_adapt.registry import class_name, load, names
import pytest

ROOMS = ('engines', 'drift', 'updaters', 'streams', 'commands')
MEMBERS = [(room, name) for room in ROOMS for name in names(room)]


@pytest.mark.parametrize(('room', 'name'), MEMBERS)
def test_every_file_of_a_room_holds_the_class_of_its_name(room: str, name: str) -> None:
    if name == 'mujoco' and find_spec('mujoco') is None:
        pytest.skip("mujoco is not installed: pip install '.[sim]'")
    assert load(room, name).__name__ == class_name(name)


@pytest.mark.parametrize('room', ROOMS)
def test_a_wrong_name_is_answered_with_the_names_there_are(room: str) -> None:
    with pytest.raises(UsageError) as refusal:
        load(room, 'nonsense')
    assert "'nonsense'" in str(refusal.value)
    assert all(name in str(refusal.value) for name in names(room))


def test_acronyms_are_words() -> None:
    assert class_name('cwr_star') == 'CwrStar'
