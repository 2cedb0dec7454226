"""`edge-adapt replay`: recorded bags through the same loop, without ROS."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
import json
from pathlib import Path
import sys
from typing import Any, ClassVar

from edge_adapt.commands import _offline

NAMES = ('region', *_offline.NAMES)


class Replay:
    """
    Test, then train, on recorded bags, to see what the robot would have done.

    Reads rosbag2 folders and single files, MCAP and sqlite3, directly and in the order of the
    stamps. Topics are guessed where they are unique. Labels come from a topic of
    vision_msgs/Classification or from a CSV file of stamps and classes; without labels there are
    alarms and decisions, but no accuracies. Every bag starts afresh with the model, or, with
    --store, with what was learned before.
    """

    help: ClassVar[str] = 'run the loop on recorded bags without ROS and print its figures'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments: the parameters of the nodes, by the same names."""
        parser.add_argument(
            'bags', type=Path, nargs='+', metavar='BAG', help='a folder, a .mcap or a .db3 file'
        )
        parser.add_argument('--image-topic', default='', metavar='TOPIC', help='topic of images')
        parser.add_argument('--label-topic', default='', metavar='TOPIC', help='topic of labels')
        parser.add_argument(
            '--labels', default='', metavar='CSV', help='file of stamp,class in place of a topic'
        )
        _offline.add_arguments(parser, NAMES)

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Run every bag, print, draw."""
        places = _places(arguments.bags)
        documents = [
            _replay(path, arguments, place)
            for path, place in zip(arguments.bags, places, strict=True)
        ]
        if arguments.json:
            said = {name: getattr(arguments, name) for name in NAMES}
            print(json.dumps({'arguments': said, 'bags': documents}, indent=2))
        return 0


def _places(bags: Sequence[Path]) -> list[str]:
    """Return where the report of each bag goes: several have a folder each, by their names."""
    if len(bags) == 1:
        return ['']
    names = [path.resolve().stem for path in bags]
    return [name if names.count(name) == 1 else f'{name}_{i + 1}' for i, name in enumerate(names)]


def _replay(path: Path, arguments: Namespace, place: str) -> dict[str, Any]:
    # Imported on use: who has no library for bags can use everything else.
    from edge_adapt.evaluation.recorded import recorded

    recording, region = recorded(
        path,
        arguments.model,
        image_topic=arguments.image_topic,
        label_topic=arguments.label_topic,
        labels=arguments.labels,
        region=arguments.region,
    )
    if not arguments.json:
        print(path)
    document = _offline.run(arguments, recording, region, path.resolve().name, place)
    tally = recording.tally
    for sentence in tally.sentences():
        print(f'{path}: {sentence}', file=sys.stderr)
    if not arguments.json:
        print(f'{tally.n_frames} frames of {len(recording)} messages, {tally.n_labelled} labelled')
    return {'bag': str(path), 'reading': asdict(tally), **document}
