"""`edge-adapt evaluate`: the whole loop without ROS, with figures and a picture."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
import json
from pathlib import Path
import sys
import time
from typing import Any, ClassVar

from edge_adapt import registry
from edge_adapt.commands import _options, _table
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.figures import figures
from edge_adapt.evaluation.picture import draw
from edge_adapt.evaluation.prequential import Prequential
from edge_adapt.parameters import ADAPTATION, CAMERA, INFERENCE
from edge_adapt.pipeline.assembly import adaptation_from, inference_from
from edge_adapt.records import Frame
from tqdm import tqdm

NAMES = (
    *('stream', 'schedule', 'order', 'label_share', 'seed'),
    *('model', 'engine', 'detector', 'updater', 'min_gain', 'store'),
)


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
        _options.add(parser, (*CAMERA, *INFERENCE, *ADAPTATION), NAMES)
        parser.add_argument(
            '--label-delay', type=int, default=0, metavar='N', help='frames until a label is told'
        )
        parser.add_argument(
            '--picture', type=Path, metavar='PNG', help='draw accuracy over frames into this file'
        )
        parser.add_argument(
            '--json', action='store_true', help='print everything as JSON, for machines'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Run, print, draw."""
        if arguments.label_delay < 0:
            raise UsageError(f'--label-delay must be >= 0, got {arguments.label_delay}')
        stream = registry.load('streams', arguments.stream)(
            schedule=arguments.schedule, order=arguments.order, seed=arguments.seed
        )
        get = _options.getter(arguments, {'region': ','.join(map(str, stream.region))})
        frozen = {'detector': get('detector'), 'store': ''}
        run = Prequential(
            inference_from(get),
            adaptation_from(get, time.perf_counter_ns),
            inference_from(lambda name: frozen.get(name, get(name))),
            label_share=arguments.label_share,
            label_delay=arguments.label_delay,
            seed=arguments.seed,
        )
        timeline = run.run(stream, _bar)
        result = figures(timeline)
        if arguments.picture:
            draw(timeline, arguments.picture, _title(arguments))
        if arguments.json:
            document: dict[str, Any] = {
                'arguments': {name: getattr(arguments, name) for name in NAMES},
                'figures': result.to_dict(),
                'decisions': [decision.to_dict() for decision in run.decisions],
                'events': timeline.to_dict()['events'],
                'final_version': timeline.versions[-1] if timeline.versions else '',
            }
            print(json.dumps(document, indent=2))
        else:
            print(_table.of(result))
            print(f'final version {timeline.versions[-1]}')
        return 0


def _bar(frames: Iterable[Frame], n_frames: int) -> Iterable[Frame]:
    bar: Iterable[Frame] = tqdm(
        frames,
        total=n_frames,
        unit='frame',
        file=sys.stderr,
        leave=False,
        desc='evaluating',
        mininterval=0.2 if sys.stderr.isatty() else 10.0,
    )
    return bar


def _title(arguments: Namespace) -> str:
    return (
        f'{arguments.stream}, {arguments.model} network: {arguments.updater} against frozen'
        f' (seed {arguments.seed})'
    )
