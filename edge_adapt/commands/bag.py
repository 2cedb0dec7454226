"""`edge-adapt bag`: make labelled bags with drift, and look into bags, without ROS."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
import sys
from typing import ClassVar

from edge_adapt import registry
from edge_adapt.commands import _options
from edge_adapt.errors import UsageError
from edge_adapt.parameters import CAMERA
from edge_adapt.records import Frame

NAMES = ('stream', 'schedule', 'order', 'seed')


class Bag:
    """
    Make a bag, or say what is in one.

    `make FOLDER` writes the frames of a stream, with their labels, into a new rosbag2 folder:
    images on /image_raw, labels on /label. `info BAG` lists the topics of any rosbag2 folder or
    file, MCAP or sqlite3, whole or damaged.
    """

    help: ClassVar[str] = 'make a labelled bag with drift, or look into a bag'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument('action', choices=('make', 'info'))
        parser.add_argument('bag', type=Path, help='the folder, or the .mcap or .db3 file')
        _options.add(parser, CAMERA, NAMES)
        parser.add_argument(
            '--storage', default='mcap', help='how the bag is stored: mcap or sqlite3 [mcap]'
        )
        parser.add_argument(
            '--compression',
            default='none',
            help='what Zstandard packs: none, file, message, or storage (MCAP chunks) [none]',
        )
        parser.add_argument(
            '--images', default='raw', metavar='FORMAT', help='raw, jpeg or png [raw]'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Do it."""
        actions = {'make': _make, 'info': _info}
        actions[arguments.action](arguments)
        return 0


def _make(arguments: Namespace) -> None:
    # Imported on use: who has no library for bags can use everything else.
    from edge_adapt.streams.bag.writing import write

    stream = registry.load('streams', arguments.stream)(
        **{name: getattr(arguments, name) for name in NAMES[1:]}
    )
    n_frames = write(
        stream,
        arguments.bag,
        storage=arguments.storage,
        compression=arguments.compression,
        image_format=arguments.images,
        schedule=arguments.schedule,
        progress=_bar,
    )
    print(f'{arguments.bag} has {n_frames} labelled frames of {arguments.stream}')


def _info(arguments: Namespace) -> None:
    from edge_adapt.streams.bag.parts import Parts

    notes: list[str] = []
    with Parts(arguments.bag, notes.append) as parts:
        print(f'{arguments.bag}: {parts.duration_ns / 1e9:.1f} s')
        for topic in parts.topics:
            print(f'  {topic.n_messages:8d}  {topic.name}  {topic.kind}')
        for key, value in parts.about.items():
            print(f'  {key}: {value}')
    for note in notes:
        print(f'note: {note}', file=sys.stderr)


def _bar(frames: Iterable[Frame], n_frames: int) -> Iterable[Frame]:
    try:
        from tqdm import tqdm
    except ModuleNotFoundError as error:
        raise UsageError("a progress bar needs the Python package 'tqdm'") from error
    bar: Iterable[Frame] = tqdm(
        frames,
        total=n_frames,
        unit='frame',
        file=sys.stderr,
        leave=False,
        desc='writing',
        disable=not sys.stderr.isatty(),
    )
    return bar
