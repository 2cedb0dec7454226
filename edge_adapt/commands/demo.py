"""`edge-adapt demo`: the whole loop over real DDS, in three processes, for a person to watch."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import os
from pathlib import Path
from typing import ClassVar

from edge_adapt import registry
from edge_adapt.commands import _files, _options, _ros, _starter, _table
from edge_adapt.evaluation.figures import Figures, figures
from edge_adapt.evaluation.report import Run
from edge_adapt.graph import NodeSpec, SCENARIOS
from edge_adapt.parameter import Value
from edge_adapt.parameters import NODES
from edge_adapt.pipeline.assembly import inference_from

NAMES = ('schedule', 'order', 'rate_hz', 'label_share', 'engine', 'detector', 'updater', 'seed')


class Demo:
    """
    Camera, inference and adaptation run as three processes and talk over DDS.

    The camera shows handwritten digits on cards; then its picture changes. Watch the accuracy
    fall, the alarm come, the network retrain itself and the accuracy return; and on the way back
    to the old world, the old weights return. In the end: a table, a picture, exit status 0.
    """

    help: ClassVar[str] = 'watch the whole loop run over ROS 2, in three processes'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        table = tuple(parameter for node in NODES.values() for parameter in node)
        _options.add(parser, table, NAMES)
        camera = SCENARIOS['demo'][0]
        parser.set_defaults(**{n: v for n, v in camera.parameters.items() if n in NAMES})
        parser.add_argument('--domain', type=int, help='ROS domain id [the first free one]')
        parser.add_argument(
            '--output', type=Path, default=Path('runs/demo'), help='folder for picture and figures'
        )

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Start, watch, end, report."""
        domain = _starter.check_machine(arguments.domain)
        os.environ.update(_starter.environment(domain))
        specs = _specs(arguments)
        parameters = {name: value for spec in specs for name, value in _values(spec).items()}
        stream = registry.load('streams', str(parameters['stream']))(
            **{name: parameters[name] for name in ('schedule', 'order', 'seed')}
        )
        frozen = inference_from({**parameters, 'store': ''}.__getitem__)
        live = _ros.load('edge_adapt.commands._live')
        what_happened: Run = live.run(specs, domain, stream, frozen)
        page = _files.write_report(arguments.output, what_happened)
        result = figures(what_happened.timeline)
        print(f'\n{_table.of(result)}\n\n{_bars(result)}\n')
        print(f'picture: {page.with_suffix(".png")}\nreport: {page}')
        return 0


def _bars(result: Figures) -> str:
    """Return the figures that the package promises, beside what was measured."""
    clean, shifted, back = result.segments[:3]
    start, returned = clean.accuracy or 0.0, back.after_early or 0.0
    share = result.n_dropped / max(result.n_frames, 1)
    rows = [
        ('clean accuracy', '>= 95 %', _table.percent(clean.accuracy), start >= 0.95),
        (
            f'first 64 frames of {shifted.domain}: frozen, adapted',
            '-',
            f'{_table.percent(shifted.early_frozen)}, {_table.percent(shifted.early)}',
            None,
        ),
        (
            'frames to the alarm',
            '<= 64',
            _table.frames(shifted.delay),
            shifted.delay is not None and shifted.delay <= 64,
        ),
        (
            f'accuracy from 300 frames of {shifted.domain} on',
            '>= 90 %',
            _table.percent(shifted.late),
            (shifted.late or 0.0) >= 0.90,
        ),
        (
            'back on clean, from 64 frames on: below the start',
            '<= 2 points',
            _table.points(start - returned),
            start - returned <= 0.02,
        ),
        ('frames dropped', '<= 1 %', _table.percent(share), share <= 0.01),
    ]
    words = {True: 'reached', False: 'missed', None: ''}
    headings = ('figure', 'bar', 'measured', '')
    return _table.grid(headings, [(*row[:3], words[row[3]]) for row in rows])


def _specs(arguments: Namespace) -> list[NodeSpec]:
    """Return the nodes of the demo with the parameters of the command line."""
    chosen = {name: getattr(arguments, name) for name in NAMES}
    return [
        spec.with_parameters({n: v for n, v in chosen.items() if n in _defaults(spec)})
        for spec in SCENARIOS['demo']
    ]


def _values(spec: NodeSpec) -> dict[str, Value]:
    return {**_defaults(spec), **spec.parameters}


def _defaults(spec: NodeSpec) -> dict[str, Value]:
    return {parameter.name: parameter.default for parameter in NODES[spec.executable]}
