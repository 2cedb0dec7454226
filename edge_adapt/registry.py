"""Find the members of a room by listing its folder: a new file is a new member."""

from __future__ import annotations

from importlib import import_module
import importlib.util
from pathlib import Path
import re
from typing import Any

from edge_adapt.errors import UsageError

_PACKAGE = __name__.rpartition('.')[0]


def names(room: str) -> list[str]:
    """Return the names of the members of `room`, sorted: its files that have no underscore."""
    folder = Path(__file__).parent / room
    return sorted(path.stem for path in folder.glob('*.py') if not path.stem.startswith('_'))


def load(room: str, name: str) -> Any:
    """
    Return the class of member `name`, `PageHinkley` of 'page_hinkley'.

    Raises UsageError with the names there are, and with the missing library's name where the
    member needs one that is not installed.
    """
    known = names(room)
    if name not in known:
        raise UsageError(f'there is no {name!r} in {room}; there are: {", ".join(known)}')
    try:
        module = import_module(f'{_PACKAGE}.{room}.{name}')
    except ModuleNotFoundError as error:
        missing = (error.name or '').partition('.')[0]
        if missing == _PACKAGE or importlib.util.find_spec(missing) is not None:
            raise
        raise UsageError(
            f'{name!r} in {room} needs the Python package {missing!r}, which is not installed'
        ) from error
    return getattr(module, class_name(name))


def class_name(name: str) -> str:
    """Return the class in file `name`: words in capitals, acronyms as words (`CwrStar`)."""
    return ''.join(word.capitalize() for word in re.split('_', name))
