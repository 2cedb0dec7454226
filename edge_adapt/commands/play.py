"""`edge-adapt play`: a bag onto real topics, where there is no `ros2 bag play`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import ClassVar

from edge_adapt.commands import _ros


class Play:
    """
    Play a bag onto its topics, with /clock, for a look with the nodes running.

    Give the nodes use_sim_time. The service /player/pause (std_srvs/SetBool) holds and resumes.
    For figures use `edge-adapt replay`: it loses no frame, whatever the machine is doing.
    """

    help: ClassVar[str] = 'play a bag onto topics, with /clock'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('bag', type=Path, help='a folder, a .mcap or a .db3 file')
        parser.add_argument('topics', nargs='*', metavar='TOPIC', help='topics [all]')
        parser.add_argument('--rate', type=float, default=1.0, help='times real time [1]')
        parser.add_argument(
            '--start', type=float, default=0.0, metavar='SECONDS', help='leave out the beginning'
        )
        parser.add_argument('--loop', action='store_true', help='again and again until Ctrl-C')
        parser.add_argument(
            '--remap', action='append', default=[], metavar='FROM:=TO', help='rename a topic'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Play, and say how much."""
        player = _ros.load('edge_adapt.nodes.player')
        n_sent = player.play(
            arguments.bag,
            arguments.topics,
            rate=arguments.rate,
            start_s=arguments.start,
            is_looping=arguments.loop,
            remappings=arguments.remap,
        )
        print(f'{n_sent} messages of {arguments.bag} were sent')
        return 0
