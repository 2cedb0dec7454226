"""`edge-adapt`: everything the package does, without a robot."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import signal
import sys
import threading

from edge_adapt import registry
from edge_adapt.errors import UsageError

EPILOG = """\
examples:
  edge-adapt demo                      the whole loop over ROS 2, in three processes
  edge-adapt evaluate --json           the same loop without ROS, figures for machines
  edge-adapt bag make week_12          a labelled bag with drift, without ROS
  edge-adapt replay week_12            what would the robot have done with this bag?
  edge-adapt doctor                    what is installed, what is missing
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; 0 done, 1 it failed, 2 the user's mistake, 130 interrupted, 143 ended."""
    try:
        words = sys.argv[1:] if argv is None else argv
        arguments = _parser(words).parse_args(words)
        with _tidy_at_sigterm():
            return int(arguments.run(arguments))
    except UsageError as error:
        print(f'edge-adapt: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('edge-adapt: stopped by Ctrl-C', file=sys.stderr)
        return 130


@contextmanager
def _tidy_at_sigterm() -> Iterator[None]:
    """Let SIGTERM end what is inside as an error would: processes end, bags are completed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _parser(words: Sequence[str]) -> ArgumentParser:
    """Return the parser; where a command is named, only that one is imported."""
    parser = ArgumentParser(
        prog='edge-adapt',
        description='Small networks that keep working when the world changes.',
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(required=True, metavar='command')
    names = registry.names('commands')
    for name in names if words[:1] not in [[name] for name in names] else words[:1]:
        command = registry.load('commands', name)
        subparser = subparsers.add_parser(
            name,
            help=command.help,
            description=command.__doc__,
            formatter_class=RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


if __name__ == '__main__':
    sys.exit(main())
