"""Names of cases on a command line."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Collection


def among(known: Collection[str]) -> Callable[[str], list[str]]:
    """Return what takes names joined by commas; argparse tells of one that nobody knows."""

    def names_of(joined: str) -> list[str]:
        names = joined.split(',')
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ArgumentTypeError(f'there is no {unknown[0]!r}; there are: {", ".join(known)}')
        return names

    return names_of
