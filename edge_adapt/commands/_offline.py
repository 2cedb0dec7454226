"""What `evaluate` and `replay` share: run the loop over a stream without ROS, print, draw."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
import sys
import time
from typing import Any

from edge_adapt.commands import _files, _options, _table
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.figures import figures
from edge_adapt.evaluation.picture import draw
from edge_adapt.evaluation.prequential import Prequential
from edge_adapt.evaluation.report import Run
from edge_adapt.parameters import ADAPTATION, CAMERA, INFERENCE
from edge_adapt.pipeline.assembly import adaptation_from, inference_from
from edge_adapt.records import Frame
from edge_adapt.streams import Stream
from tqdm import tqdm

NAMES = ('label_share', 'seed', 'model', 'engine', 'detector', 'updater', 'min_gain', 'store')


def add_arguments(parser: ArgumentParser, names: Sequence[str]) -> None:
    """Declare the parameters `names`, by the names the nodes give them, and what is common."""
    _options.add(parser, (*CAMERA, *INFERENCE, *ADAPTATION), names)
    parser.add_argument(
        '--label-delay', type=int, default=0, metavar='N', help='frames until a label is told'
    )
    parser.add_argument(
        '--picture', type=Path, metavar='PNG', help='draw accuracy over frames into this file'
    )
    parser.add_argument(
        '--report',
        type=Path,
        metavar='FOLDER',
        help='write report.html, report.json and the picture into this folder',
    )
    parser.add_argument(
        '--json', action='store_true', help='print everything as JSON, for machines'
    )


def run(arguments: Namespace, stream: Stream, region: str, subject: str) -> dict[str, Any]:
    """
    Test, then train, on `stream`, beside the frozen network, and return what came of it.

    Unless JSON was asked for, a table is printed; `subject` names the stream in the picture.
    """
    if arguments.label_delay < 0:
        raise UsageError(f'--label-delay must be >= 0, got {arguments.label_delay}')
    get = _options.getter(arguments, {'region': region})
    frozen = {'detector': get('detector'), 'store': ''}
    prequential = Prequential(
        inference_from(get),
        adaptation_from(get, time.perf_counter_ns),
        inference_from(lambda name: frozen.get(name, get(name))),
        label_share=arguments.label_share,
        label_delay=arguments.label_delay,
        seed=arguments.seed,
    )
    timeline = prequential.run(stream, _bar)
    result = figures(timeline)
    final_version = timeline.versions[-1] if timeline.versions else ''
    title = f'{subject}, {arguments.model} network: {arguments.updater} against frozen'
    if arguments.picture:
        draw(timeline, arguments.picture, f'{title} (seed {arguments.seed})')
    if arguments.report:
        page = _files.write_report(
            arguments.report,
            Run(
                title,
                timeline,
                stream.class_names,
                prequential.decisions,
                prequential.snapshots,
            ),
        )
        print(f'report: {page}', file=sys.stderr)
    if not arguments.json:
        print(_table.of(result))
        print(f'final version {final_version}')
    return {
        'figures': result.to_dict(),
        'decisions': [
            {'frame': frame, **decision.to_dict()} for frame, decision in prequential.decisions
        ],
        'events': timeline.to_dict()['events'],
        'final_version': final_version,
    }


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
