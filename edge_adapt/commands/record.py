"""`edge-adapt record`: topics into a bag, where there is no `ros2 bag record`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import math
from pathlib import Path
import sys
from typing import ClassVar

from edge_adapt.commands import _ros
from edge_adapt.errors import UsageError


class Record:
    """
    Write topics into a new bag until Ctrl-C, byte for byte and in bounded memory.

    Without topics, everything is recorded. A bag that would grow past --max-mb is completed and
    the next one, FOLDER_1, begins. `edge-adapt replay` and `ros2 bag` read what was recorded.
    """

    help: ClassVar[str] = 'record topics into a bag'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('folder', type=Path, help='the new bag')
        parser.add_argument('topics', nargs='*', metavar='TOPIC', help='topics [all]')
        parser.add_argument('--storage', default='mcap', help='mcap or sqlite3 [mcap]')
        parser.add_argument(
            '--max-mb', type=int, default=1024, metavar='MB', help='size of one bag [1024]'
        )
        parser.add_argument(
            '--seconds', type=float, default=math.inf, help='stop after so long [at Ctrl-C]'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Record, and say what came."""
        if arguments.max_mb < 1:
            raise UsageError(f'--max-mb must be at least 1, got {arguments.max_mb}')
        # Imported on use: who has no library for bags can use everything else.
        from edge_adapt.streams.bag.series import Series

        recorder = _ros.load('edge_adapt.nodes.recorder')
        series = Series(arguments.folder, arguments.storage, arguments.max_mb << 20)
        left_out = recorder.record(series, arguments.topics, arguments.seconds)
        for topic, n_messages in sorted(series.n_messages.items()):
            print(f'{n_messages:8d}  {topic}')
        print(f'in {", ".join(map(str, series.paths))}')
        for topic, reason in sorted(left_out.items()):
            print(f'note: {topic} is left out: {reason}', file=sys.stderr)
        return 0
