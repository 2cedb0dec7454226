"""What `evaluate` and `replay` share: run the loop over a stream without ROS, print, draw."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
import sys
from typing import Any

from edge_adapt.commands import _files, _options, _table
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.contest import baseline_names, contest, Entry, variants, VARIED
from edge_adapt.evaluation.debug_images import debug_images
from edge_adapt.evaluation.figures import figures
from edge_adapt.evaluation.report import run_of
from edge_adapt.networks.model import Model
from edge_adapt.parameters import ADAPTATION, CAMERA, INFERENCE
from edge_adapt.pipeline.assembly import region_from
from edge_adapt.records import Frame
from edge_adapt.streams import Stream
from tqdm import tqdm

NAMES = (
    *('label_share', 'seed', 'model', 'reference', 'engine', 'detector', 'ladder', 'updater'),
    *(
        'min_gain',
        'max_step',
        'max_updates_per_hour',
        'max_new_classes',
        'vote_frames',
        'tracks',
        'store',
    ),
)


def add_arguments(parser: ArgumentParser, names: Sequence[str]) -> None:
    """Declare the parameters `names`, by the names the nodes give them, and what is common."""
    table = (*CAMERA, *INFERENCE, *ADAPTATION)
    _options.add(parser, table, [name for name in names if name not in VARIED])
    _options.add_lists(parser, table, [name for name in names if name in VARIED])
    parser.add_argument(
        '--baselines',
        default='',
        metavar='NAME[,...]',
        help=f'run these beside it, on the same frames: {", ".join(baseline_names())}, or all',
    )
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
        help='write report.html, report.json, the picture and the curves into this folder',
    )
    parser.add_argument(
        '--debug-images',
        action='store_true',
        help='draw the answer into every frame, in the bag of the report (reads all frames again)',
    )
    parser.add_argument(
        '--json', action='store_true', help='print everything as JSON, for machines'
    )


def run(
    arguments: Namespace, stream: Stream, region: str, subject: str, place: str = ''
) -> dict[str, Any]:
    """
    Test, then train, on `stream`, beside the frozen network, and return what came of it.

    Unless JSON was asked for, a table is printed; `subject` names the stream in the picture. Where
    there are several streams, `place` keeps their reports apart.
    """
    if arguments.debug_images and not arguments.report:
        raise UsageError('--debug-images go into the bag of a report: name its folder by --report')
    if arguments.label_delay < 0:
        raise UsageError(f'--label-delay must be >= 0, got {arguments.label_delay}')
    entries = contest(
        stream,
        _options.getter(arguments, {'region': region}),
        variants({name: getattr(arguments, name).split(',') for name in VARIED}),
        _baselines(arguments.baselines),
        arguments.label_delay,
        _bar,
    )
    title = f'{subject}, {arguments.model} network: {entries[0].name} against frozen'
    what_happened = run_of(title, entries, stream.class_names, Model.load(arguments.model).digest)
    if arguments.picture:
        picture = arguments.picture
        if place:
            picture = picture.with_stem(f'{picture.stem}_{place}')
        _files.write_picture(picture, what_happened, f'seed {arguments.seed}')
    if arguments.report:
        images = _debug_images(arguments, stream, entries[0], region)
        page = _files.write_report(arguments.report / place, what_happened, images)
        print(f'report: {page}', file=sys.stderr)
    document = _document(entries)
    if not arguments.json:
        print(_table.of(figures(entries[0].timeline)))
        if len(entries) > 2:
            print(f'\n{_table.of_rows(what_happened.rows)}')
        print(f'final version {document["final_version"]}, digest {document["digest"]}')
    return {**document, 'rows': what_happened.rows}


def _debug_images(
    arguments: Namespace, stream: Stream, first: Entry, region: str
) -> Iterable[tuple[int, bytes]]:
    """Return what `--debug-images` adds to the bag, drawn while it is written."""
    if not arguments.debug_images:
        return ()
    frames = _bar(stream, len(stream), 'drawing')
    return debug_images(frames, first.timeline, stream.class_names, region_from(region))


def _baselines(text: str) -> list[str]:
    names = [name.strip() for name in text.split(',') if name.strip()]
    return baseline_names() if names == ['all'] else list(dict.fromkeys(names))


def _document(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what became of the first contender."""
    timeline, decisions = entries[0].timeline, entries[0].decisions
    return {
        'figures': figures(timeline).to_dict(),
        'decisions': [{'frame': frame, **decision.to_dict()} for frame, decision in decisions],
        'events': timeline.to_dict()['events'],
        'final_version': timeline.versions[-1] if timeline.versions else '',
        'digest': timeline.digest,
    }


def _bar(frames: Iterable[Frame], n_frames: int, what: str = 'evaluating') -> Iterable[Frame]:
    bar: Iterable[Frame] = tqdm(
        frames,
        total=n_frames,
        unit='frame',
        file=sys.stderr,
        leave=False,
        desc=what,
        mininterval=0.2 if sys.stderr.isatty() else 10.0,
    )
    return bar
