"""`edge-adapt watch`: one screen of a running graph; plain lines where there is no terminal."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import deque
from collections.abc import Sequence
import importlib
import shutil
import sys
import time
from typing import Any, ClassVar

from edge_adapt.errors import UsageError

REFRESH_S = 1.0
N_EVENTS = 8
_HOME_AND_CLEAR = '\x1b[H\x1b[J'
_MARKS = {0: 'ok', 1: 'WARN', 2: 'ERROR', 3: 'stale'}


class Watch:
    """
    Show what every node of a running graph says in /diagnostics, and the latest decisions.

    Join the graph's domain with ROS_DOMAIN_ID, as everywhere in ROS. Ctrl-C ends it.
    """

    help: ClassVar[str] = 'show rates, states and decisions of a running graph'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('--seconds', type=float, default=0.0, help='end after this long')

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Watch until Ctrl-C."""
        try:
            # rclpy is wanted here only: the other commands run without ROS.
            monitor = importlib.import_module('edge_adapt.nodes.monitor')
        except ModuleNotFoundError as error:
            raise UsageError(f'watching needs ROS 2: {error.name} is not installed') from error
        events: deque[str] = deque(maxlen=N_EVENTS)
        is_terminal = sys.stdout.isatty()
        until_s = time.monotonic() + (arguments.seconds or float('inf'))
        with monitor.Watch(events.append) as observer:
            try:
                while time.monotonic() < until_s:
                    time.sleep(REFRESH_S)
                    lines = screen(observer.seen, list(events))
                    if is_terminal:
                        width, height = shutil.get_terminal_size()
                        print(_HOME_AND_CLEAR + '\n'.join(t[:width] for t in lines[: height - 1]))
                    else:
                        print('\n'.join(lines), flush=True)
                        events.clear()
            except KeyboardInterrupt:
                pass
        return 0


def screen(seen: Any, events: Sequence[str]) -> list[str]:
    """Return the lines: a status a line, its most telling values, and the latest events."""
    if not seen.statuses:
        return ['no node speaks: is ROS_DOMAIN_ID the one of the graph?']
    lines = []
    for name, (level, text, values) in sorted(seen.statuses.items()):
        lines.append(f'{_MARKS.get(level, "?"):5}  {name.lstrip("/"):28}  {text}')
        told = '  '.join(f'{key} {value}' for key, value in values.items() if value)
        lines.append(f'{"":37}{told}')
    return [*lines, '', *events]
