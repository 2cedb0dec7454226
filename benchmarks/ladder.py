"""
What the whole ladder does on long streams of digits, test-then-train, beside the frozen network.

usage: python benchmarks/ladder.py [--cases NAMES] [--seeds N] [--first-seed N]

Prints JSON lines, means and spreads over seeds; the bar is the peer where there is one, and ratio
is above 1 where it is met. `seconds` are processor time of the decisions of one alarm. Nothing was
tuned on seeds 0 and up: that is what seeds 100 and up are for.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable, Mapping
import json
import os
from typing import Any

os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')  # as the package does, but before numpy

from _cases import among
from _damage import SHIFTS
from _ladder_runs import DEFAULTS, Misled, raced, Run, run
from edge_adapt.streams.gtsrb import Gtsrb
import numpy as np

LATE = 200  # frames at the end of a segment
ALTERNATING = ('clean', 'contrast', 'clean', 'blur', 'clean', 'invert', 'clean', 'dead')


class Table:
    """Values over seeds, printed as they are."""

    def __init__(self, case: str) -> None:
        self._case = case
        self._values: dict[str, list[float]] = defaultdict(list)

    def add(self, metric: str, value: float) -> None:
        self._values[metric].append(value)

    def mean(self, name: str, metrics: Iterable[str]) -> None:
        """Add the mean of other metrics, seed by seed."""
        self._values[name] = np.mean([self._values[m] for m in metrics], axis=0).tolist()

    def print(
        self,
        bars: Mapping[str, float] | None = None,
        low: Iterable[str] = (),
        peers: Mapping[str, str] | None = None,
    ) -> None:
        """Print every metric; `peers` names the metric that another is compared with."""
        for metric, values in self._values.items():
            value = float(np.mean(values))
            peer = (peers or {}).get(metric, 'bar' if metric in (bars or {}) else '')
            against = float(np.mean(self._values[peer])) if peer in self._values else None
            against = (bars or {}).get(metric, against)
            ratio = None
            if against is not None:
                better, worse = (against, value) if metric in low else (value, against)
                ratio = round(max(better, 1e-9) / max(worse, 1e-9), 3)
            if against is not None and against < 0:  # of differences: how far above the bar
                ratio = round(1 + (value - against) / 100, 3)
            figures = {
                'case': self._case,
                'metric': metric,
                'value': round(value, 3),
                'unit': _unit_of(metric),
                'spread': round(float(np.std(values)), 3),
                'worst': round(max(values) if metric in low else min(values), 3),
                'n_seeds': len(values),
                'peer': peer,
                'peer_value': None if against is None else round(against, 3),
                'ratio': ratio,
            }
            print(json.dumps(figures), flush=True)


def _unit_of(metric: str) -> str:
    units = {'seconds': 's', 'frames': 'frames', 'alarms': 'events'}
    return next((unit for word, unit in units.items() if word in metric), '%')


def shifts(seeds: range) -> None:
    """Seven shifts without one label: the last frames of a long segment."""
    table = Table('seven shifts without labels')
    for seed in seeds:
        for shift in SHIFTS:
            result = run(f'clean:300,{shift}:600', seed)
            mine, frozen = result.accuracy(-LATE)
            table.add(shift, mine)
            table.add(f'{shift}: frozen', frozen)
            table.add('clean', result.accuracy(0, 300)[0])
            table.add('clean: frozen', result.accuracy(0, 300)[1])
    for end in ('', ': frozen'):
        table.mean(f'mean of shifts{end}', [f'{shift}{end}' for shift in SHIFTS])
    table.print(peers={name: f'{name}: frozen' for name in ('clean', 'mean of shifts', *SHIFTS)})


def signs(seeds: range) -> None:
    """Traffic signs of EDGE_ADAPT_DATA, mixed and in tracks: the default loop, as users run it."""
    schedule = 'clean:600,contrast:900,clean:600,invert:900,clean:600'
    names = ('clean', 'contrast', 'clean again', 'invert', 'clean at last')
    for order in ('shuffled', 'tracks'):
        for share in (0.0, 0.05):
            table = Table(f'GTSRB {order}, {100 * share:.0f} % labels')
            for seed in seeds:
                get = {**DEFAULTS, 'model': 'gtsrb', 'seed': seed}
                stream = Gtsrb(schedule, order=order, seed=seed)
                result = raced(stream, get, seed, label_share=share)
                for name, segment in zip(names, stream.segments, strict=True):
                    mine, frozen = result.accuracy(segment.start, segment.stop)
                    late, late_frozen = result.accuracy(segment.stop - LATE, segment.stop)
                    table.add(name, mine)
                    table.add(f'{name}: frozen', frozen)
                    table.add(f'{name}, last {LATE}', late)
                    table.add(f'{name}, last {LATE}: frozen', late_frozen)
                for name, value in zip(('all', 'all: frozen'), result.accuracy(), strict=True):
                    table.add(name, value)
                table.add('alarms', len(result.timeline.events_of('alarm')))
            every = [n for name in names for n in (name, f'{name}, last {LATE}')]
            table.print(peers={name: f'{name}: frozen' for name in (*every, 'all')})


def hardships(seeds: range) -> None:
    """Streams that mislead a learner: it must not end below the frozen network."""
    schedule = 'clean:300,contrast:500,noise:500,dead:500,clean:300'
    cases: dict[str, dict[str, Any]] = {
        'single-class stream': {'only_class': {1: 3, 2: 8, 3: 1}},
        'single-class stream, labels': {'only_class': {1: 3, 2: 8, 3: 1}, 'label_share': 0.5},
        'poisoned labels': {'kind': Misled, 'label_share': 0.5},
        'label delay 100': {'label_delay': 100, 'label_share': 0.5},
        'poisoned and late': {'kind': Misled, 'label_share': 0.5, 'label_delay': 100},
        'honest labels': {'label_share': 0.5},
    }
    for name, options in cases.items():
        table = Table(name)
        for seed in seeds:
            result = run(schedule, seed, **options)
            mine, frozen = result.accuracy()
            table.add('accuracy', mine)
            table.add('accuracy: frozen', frozen)
            table.add('back on clean', result.accuracy(-LATE)[0])
            table.add('back on clean: frozen', result.accuracy(-LATE)[1])
            gains = [a - b for a, b in (result.accuracy(*s) for s in result.proven() if _long(s))]
            table.add('worst proven stretch less frozen', min(gains, default=0.0))
        table.print(
            bars={'worst proven stretch less frozen': -1.0},
            peers={name: f'{name}: frozen' for name in ('accuracy', 'back on clean')},
        )


def _long(stretch: tuple[int, int]) -> bool:
    return stretch[1] - stretch[0] >= 100


def alternations(seeds: range) -> None:
    """Twenty changes among five domains, without labels."""
    names = [ALTERNATING[i % len(ALTERNATING)] for i in range(21)]
    table = Table('20 alternations')
    for seed in seeds:
        result = run(','.join(f'{name}:250' for name in names), seed, with_rdumb=True)
        assert result.rdumb is not None
        mine, frozen = result.accuracy()
        table.add('accuracy', mine)
        table.add('frozen', frozen)
        table.add('RDumb', 100 * float(np.mean(result.rdumb.correct)))
        for index, metric in enumerate(_returns(result)):
            table.add(('frames from alarm to known domain', 'back within 64')[index], metric)
    table.print(bars={'back within 64': 100.0}, peers={'accuracy': 'RDumb'})


def _returns(result: Run) -> tuple[float, float]:
    """Return the largest delay from alarm to swap on known domains, and the share within 64."""
    seen, delays = {'clean'}, []
    alarms = [event.frame for event in result.timeline.events_of('alarm')]
    swaps = [event.frame for event in result.timeline.events_of('swap')]
    for before, segment in zip(result.stream.segments, result.stream.segments[1:], strict=False):
        if segment.name in seen and before.name != segment.name:
            alarm = next((a for a in alarms if segment.start <= a < segment.stop), None)
            swap = next((s for s in swaps if alarm is not None and s >= alarm), None)
            late = alarm is None or swap is None or swap >= segment.stop
            delays.append(float(segment.n_frames if late else swap - alarm))
        seen.add(segment.name)
    return max(delays), 100 * float(np.mean(np.array(delays) <= 64))


def cost(seeds: range) -> None:
    """The processor time of what one alarm sets off, with and without labels."""
    table = Table('cost of an adaptation')
    for seed in seeds:
        for shift in ('contrast', 'noise', 'invert', 'dead'):
            for share in (0.0, 0.5):
                result = run(f'clean:300,{shift}:600', seed, label_share=share)
                metric = f'{shift}, {"half" if share else "no"} labels, seconds'
                table.add(metric, max(result.seconds(), default=0.0))
    bars = dict.fromkeys(table._values, 0.5)
    table.print(bars=bars, low=bars)


CASES = {
    'shifts': shifts,
    'hardships': hardships,
    'alternations': alternations,
    'cost': cost,
    'signs': signs,
}


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[1])
    has_data = bool(os.environ.get('EDGE_ADAPT_DATA'))
    names = [name for name in CASES if has_data or name != 'signs']
    parser.add_argument('--cases', type=among(CASES), default=names)
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--first-seed', type=int, default=0)
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for case in arguments.cases:
        CASES[case](seeds)


if __name__ == '__main__':
    main()
