"""
The subcommands of `edge-adapt`, one file each.

A file `foo.py` holds a class `Foo` with a `help` sentence, `add_arguments` and `run`; the command
line lists the room, so a new file is a new subcommand.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import ClassVar, Protocol


class Command(Protocol):
    """One subcommand."""

    help: ClassVar[str]

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        ...

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Do it and return the exit status; UsageError is told as a sentence, with status 2."""
        ...
