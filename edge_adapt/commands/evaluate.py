"""`edge-adapt evaluate`: the whole loop without ROS, with figures and a picture."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import json
from typing import ClassVar

from edge_adapt import registry
from edge_adapt.commands import _offline

NAMES = ('stream', 'schedule', 'order', *_offline.NAMES)


class Evaluate:
    """
    Test, then train, on a stream, beside the frozen network on the same frames.

    The same objects as in the nodes, so that what is measured here is what runs on the robot. The
    same arguments give the same result and the same final version of the weights.
    """

    help: ClassVar[str] = 'run the loop on a stream without ROS and print its figures'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments: the parameters of the nodes, by the same names."""
        _offline.add_arguments(parser, NAMES)

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Run, print, draw."""
        stream = registry.load('streams', arguments.stream)(
            schedule=arguments.schedule, order=arguments.order, seed=arguments.seed
        )
        region = ','.join(map(str, stream.region))
        document = _offline.run(arguments, stream, region, arguments.stream)
        if arguments.json:
            said = {name: getattr(arguments, name) for name in NAMES}
            print(json.dumps({'arguments': said, **document}, indent=2))
        return 0
