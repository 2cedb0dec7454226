"""Who takes part in a run, by name, and what became of each of them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from typing import Any

from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.contender import Contender
from edge_adapt.evaluation.oracle import Oracle
from edge_adapt.evaluation.race import Progress, Race
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.evaluation.transfer import Transfer
from edge_adapt.networks.costs import Cost, cost_of
from edge_adapt.pipeline.assembly import adaptation_from, Get, inference_from, voting_from
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import U8
from edge_adapt.streams import Stream

VARIED = ('updater', 'detector', 'engine')
ORACLE = 'oracle'


@dataclass(frozen=True)
class Entry:
    """
    What became of one contender.

    `settings` are the parameters by which contenders differ; `cost` is that of one image.
    """

    name: str
    timeline: Timeline
    decisions: Sequence[tuple[int, Decision]] = ()
    snapshots: Mapping[int, U8] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    transfer: Transfer | None = None
    cost: Cost | None = None


def baseline_names() -> list[str]:
    """Return what may run beside the contenders; the frozen network always does."""
    return [*registry.names('baselines'), ORACLE]


def variants(choices: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return every combination of the updaters, detectors and engines that were named."""
    return [
        dict(zip(VARIED, values, strict=True))
        for values in product(*(choices[name] for name in VARIED))
    ]


def contest(
    stream: Stream,
    get: Get,
    settings: Sequence[Mapping[str, str]],
    baselines: Sequence[str] = (),
    label_delay: int = 0,
    progress: Progress = lambda frames, _: frames,
) -> list[Entry]:
    """
    Run all combinations of `settings`, and baselines by name, in one pass over the stream.

    The first entry is that of the first combination. Raises UsageError for names that nobody
    knows, and where several learners would share a store.
    """
    _check(get, settings, baselines, label_delay)
    with _stores() as store:
        contenders = [_contender(get, chosen, settings, store) for chosen in settings]
        first = _with(get, {**settings[0], 'store': ''})
        taken = {contender.name for contender in contenders}
        contenders += [
            _baseline(name, _with(first, {'store': store()}), taken)
            for name in baselines
            if name != ORACLE
        ]
        frozen = inference_from(first)
        race = Race(
            contenders,
            frozen,
            Oracle(frozen.engine, frozen.model) if ORACLE in baselines else None,
            label_share=get('label_share'),
            label_delay=label_delay,
            seed=get('seed'),
        )
        shared = race.run(stream, progress)
    cost = cost_of(frozen.model)
    entries = [
        Entry(
            contender.name,
            contender.timeline,
            contender.decisions,
            contender.snapshots,
            settings[i] if i < len(settings) else {**settings[0], 'updater': contender.name},
            race.probes.transfer(contender.name, inference_from(first)),
            cost,
        )
        for i, contender in enumerate(contenders)
    ]
    fixed = {'frozen': shared.frozen, ORACLE: shared.oracle}
    version = frozen.model.weights.version
    return entries + [
        Entry(
            name,
            _answered(shared, answers, version if name == 'frozen' else ''),
            settings={**settings[0], 'updater': name, 'detector': ''},
            cost=cost,
        )
        for name, answers in fixed.items()
        if answers
    ]


def _answered(shared: Timeline, answers: list[int], version: str) -> Timeline:
    """Return the timeline of who only answers."""
    timeline, n_frames = shared.beside(), len(answers)
    timeline.predicted, timeline.versions = answers, [version] * n_frames
    timeline.statistic = timeline.latency_ms = [float('nan')] * n_frames
    return timeline


def _check(
    get: Get, settings: Sequence[Mapping[str, str]], baselines: Sequence[str], label_delay: int
) -> None:
    if label_delay < 0:
        raise UsageError(f'the label delay must be >= 0 frames, got {label_delay}')
    for name in baselines:
        if name not in baseline_names():
            known = ', '.join(baseline_names())
            raise UsageError(f'there is no baseline {name!r}; there are: {known}')
    if get('store') and len(settings) > 1:
        raise UsageError('a store belongs to one learner: name one updater, detector and engine')


def _contender(
    get: Get,
    chosen: Mapping[str, str],
    settings: Sequence[Mapping[str, str]],
    store: Callable[[], str],
) -> Contender:
    mine = _with(get, {**chosen, 'store': get('store') or store()})
    name = '+'.join(chosen[key] for key in VARIED if len({each[key] for each in settings}) > 1)
    learning = adaptation_from(mine, time.perf_counter_ns, is_scratch=not get('store'))
    return Contender(
        name or chosen['updater'], inference_from(mine), learning, voting=voting_from(mine)
    )


def _baseline(name: str, get: Get, taken: Container[str]) -> Contender:
    learning = registry.load('baselines', name)(get, time.perf_counter_ns)
    title = f'{name} (baseline)' if name in taken else name
    return Contender(title, inference_from(get), learning)


def _with(get: Get, others: Mapping[str, Any]) -> Get:
    return lambda name: others[name] if name in others else get(name)


@contextmanager
def _stores() -> Iterator[Callable[[], str]]:
    """Return a context that gives new folders for stores, and removes them at its end."""
    with TemporaryDirectory(prefix='edge_adapt_stores_') as folder:
        count = iter(range(1 << 30))
        yield lambda: str(Path(folder) / str(next(count)))
