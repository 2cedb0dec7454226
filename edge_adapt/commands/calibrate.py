"""`edge-adapt calibrate`: record what is normal, and turn an interval into thresholds."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
import os
from pathlib import Path
import sys
from typing import ClassVar

from edge_adapt import registry
from edge_adapt.commands import _options, _table
from edge_adapt.commands._clean_frames import BagSource, MAX_FRAMES, Source, StreamSource
from edge_adapt.drift._calibration import ADVISED_FRAMES, calibrate, Knobs
from edge_adapt.drift._orders import class_runs, class_runs_of_tracks
from edge_adapt.drift._record import Record
from edge_adapt.drift._reference import Reference
from edge_adapt.drift._replay import watched_delays
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model, path_of
from edge_adapt.parameters import CAMERA, INFERENCE
from edge_adapt.pipeline.assembly import region_from
import numpy as np
from tqdm import tqdm

SHIFTS = ('noise', 'contrast', 'low_contrast', 'invert', 'dead', 'shift', 'blur')
BANK = (
    *('noise', 'noise@0.4', 'contrast', 'contrast@0.7', 'low_contrast'),
    *('invert', 'invert@0.5', 'invert@0.4', 'dead', 'dead@0.5'),
)
STEPS = ('blur',)
_N_SHIFTED = 300  # frames of each shift that the delays are predicted from
_N_DESIGN = 3000  # frames of each corruption that directions are fitted to
_RARE = 20  # frames of a class
CLASS_CONDITIONAL = 'class_conditional'
_RULE_OF_THREE = 3  # no event in n trials: its rate is below 3 / n with 95 % confidence


class Calibrate:
    """
    Write the clean reference that the drift detectors need, beside the model.

    Give it 1000 clean frames or more that the network was not trained on, in the order in which
    the camera delivers them: best a bag of your own camera on a good day. The one knob is the
    number of frames between false alarms. The nodes read the file that lies beside the model,
    or the one their parameter `reference` names.
    """

    help: ClassVar[str] = 'record clean frames and set the thresholds of the drift detectors'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        table = (*CAMERA, *INFERENCE)
        _options.add(parser, table, ('model', 'engine', 'detector', 'stream', 'region', 'seed'))
        parser.add_argument('--part', help='part of the data set to record, if not the usual one')
        parser.add_argument(
            '--bag',
            type=Path,
            action='append',
            metavar='BAG',
            help='clean frames of your own camera in place of a stream; may be given again',
        )
        parser.add_argument(
            '--image-topic', default='', metavar='TOPIC', help='of the bags, where not unique'
        )
        parser.add_argument(
            '--frames',
            type=int,
            metavar='N',
            help=f'how many to record [{ADVISED_FRAMES} of a stream, all of a bag]',
        )
        parser.add_argument(
            '--interval',
            type=int,
            default=Knobs.interval,
            metavar='N',
            help=f'expected frames between false alarms [{Knobs.interval}]',
        )
        parser.add_argument(
            '--margin',
            type=float,
            default=Knobs.margin,
            metavar='FACTOR',
            help=f'on every threshold [{Knobs.margin}]',
        )
        parser.add_argument(
            '--draws',
            type=int,
            default=Knobs.n_frames,
            metavar='N',
            help=f'frames drawn for every fold and order [{Knobs.n_frames}]',
        )
        parser.add_argument(
            '--bank',
            default=','.join(BANK),
            metavar='NAMES',
            help='harmful corruptions to expect, joined by commas; empty for none'
            f' [{",".join(BANK)}]',
        )
        parser.add_argument(
            '--steps',
            default=','.join(STEPS),
            metavar='NAMES',
            help='further corruptions to know where they begin inside a scene, though they harm'
            f' little [{",".join(STEPS)}]',
        )
        parser.add_argument(
            '--design-part',
            metavar='PART',
            help='part of the data set to fit the directions of the bank to, as "train": the more'
            ' scenes the better, and the network may have learned from them',
        )
        parser.add_argument(
            '--output', type=Path, metavar='FILE', help='[the name of the model, .reference]'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Record, calibrate, write, and say what to expect."""
        knobs = Knobs(arguments.interval, arguments.margin, arguments.draws, arguments.seed)
        model = Model.load(arguments.model)
        path = arguments.output or path_of(arguments.model).with_suffix('.reference')
        if not os.access(path.parent, os.W_OK):  # before the work, not after it
            raise UsageError(f'{path} cannot be written: give another place with --output')
        infer = registry.load('engines', arguments.engine)().prepare(model.network, model.weights)

        source = _source(arguments, model)
        recorded = partial(source.record, model.network, infer)
        clean = recorded('clean', arguments.frames or source.n_frames)
        names = _names(arguments.bank)
        also = [name for name in _names(arguments.steps) if name not in names]
        design = None
        if arguments.design_part:
            learned = StreamSource(arguments.stream, arguments.seed, arguments.design_part)
            designed = partial(learned.record, model.network, infer, n_frames=_N_DESIGN)
            design = designed('clean')
            damaged = {name: designed(name) for name in (*names, *also)}
        else:
            damaged = {name: recorded(name, _N_SHIFTED) for name in (*names, *also)}
        n_classes = model.network.head.n_classes
        with tqdm(total=1.0, desc='thresholds', file=sys.stderr, leave=False) as bar:
            reference = calibrate(
                clean,
                n_classes,
                model.weights.version,
                knobs,
                lambda done: bar.update(done - bar.n),
                {name: damaged[name] for name in names},
                design,
                {name: damaged[name] for name in also},
            )
        reference.save(path)
        known = {} if design is not None else damaged
        shifted = {name: known.get(name) or recorded(name, _N_SHIFTED) for name in SHIFTS}
        print(_report(reference, arguments.detector, clean, shifted, arguments.seed))
        print(f'{path} written for weights {reference.version}')
        return 0


def _names(joined: str) -> list[str]:
    return [name for name in joined.split(',') if name]


def _source(arguments: Namespace, model: Model) -> Source:
    if arguments.frames is not None and arguments.frames < 1:
        raise UsageError(f'--frames must be 1 or more, got {arguments.frames}')
    if not arguments.bag:
        return StreamSource(arguments.stream, arguments.seed, arguments.part)
    region = region_from(arguments.region)
    n_most = arguments.frames or MAX_FRAMES
    return BagSource(
        arguments.bag, arguments.image_topic, model.network, region, arguments.seed, n_most
    )


def _report(
    reference: Reference, name: str, clean: Record, shifted: dict[str, Record], seed: int
) -> str:
    """Return the delays to expect, and what the frames given can vouch for."""
    order = class_runs if clean.independent else class_runs_of_tracks
    rng = np.random.default_rng(seed)
    detector = registry.load('drift', name)(reference)
    rows = []
    for shift, record in shifted.items():
        found = watched_delays(detector, clean, record, order, rng)
        middle, late = np.quantile(found, [0.5, 0.95], method='higher')
        rows.append((shift, _shown(middle), _shown(late)))
    n_scenes = len(np.unique(clean.runs))
    certified = len(clean) // _RULE_OF_THREE
    sentences = [
        _table.grid(('shift at full severity', 'median delay', '95 %'), rows),
        f'delays of {name} in frames, predicted from these frames in runs of one class',
        f'{len(clean)} frames of {n_scenes} scenes: alone they vouch for {certified} frames'
        f' without a false alarm (95 % confidence); {reference.about["interval"]} is extrapolated',
    ]
    if not clean.independent and name == CLASS_CONDITIONAL:
        sentences.append(
            'frames of a scene are alike: `detector` ensemble finds what a scene can hide sooner'
        )
    rare = np.flatnonzero(
        np.bincount(clean.predicted, minlength=reference.clean.n_classes) < _RARE
    )
    if len(rare):
        sentences.append(
            f'fewer than {_RARE} frames were classified as {", ".join(map(str, rare))}: what is'
            ' normal there is hardly known, and long runs of such a class may raise false alarms'
        )
    if len(clean) < ADVISED_FRAMES:
        sentences.append(f'better record {ADVISED_FRAMES} frames or more')
    return '\n'.join(sentences)


def _shown(delay: float) -> str:
    return f'{delay:.0f}' if np.isfinite(delay) else 'never'
