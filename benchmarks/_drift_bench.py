"""What the cases of benchmarks/drift.py share: a data set, its network, a reference, streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
import json
from typing import Any

from edge_adapt import registry
from edge_adapt.corruptions import corrupt_all, Damage
from edge_adapt.drift import Reference
from edge_adapt.drift._calibration import calibrate, Knobs
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._orders import class_runs, class_runs_of_tracks, Order, shuffled, tracks
from edge_adapt.drift._record import Record
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.recording import record
from edge_adapt.records import Array, Observation
from edge_adapt.streams import Pool
import numpy as np

SHIFTS = ('noise', 'contrast', 'low_contrast', 'invert', 'dead', 'shift', 'blur')
BANK = (
    *('noise', 'noise@0.4', 'contrast', 'contrast@0.7', 'low_contrast'),
    *('invert', 'invert@0.5', 'invert@0.4', 'dead', 'dead@0.5'),
)
STEPPED = ('blur',)  # known where they begin inside a scene, and of scenes in a row
N_STREAMS = 128
SPLITS = {  # data set -> (reference and report are drawn from, frames, directions come from)
    'digits': ('adapt+test', 797, ''),
    'mnist': ('adapt+test', 8000, ''),
    'fashion_mnist': ('adapt+test', 8000, ''),
    'gtsrb': ('adapt', 7650, 'train'),
}
SEGMENT = 300  # frames with the same dead lines, of those that the bank is fitted to
DESIGN_EVERY = 3  # of the frames that directions come from, the others are left out


def line(
    case: str,
    metric: str,
    value: float,
    unit: str,
    peer: str = '',
    peer_value: float | None = None,
) -> None:
    """Print one figure, small is good; null stands for never."""
    ratio = None if peer_value is None else round((peer_value + 1e-9) / (value + 1e-9), 3)
    shown = round(float(value), 3) if np.isfinite(value) else None
    figures = {'case': case, 'metric': metric, 'value': shown, 'unit': unit}
    more = {'peer': peer, 'peer_value': peer_value, 'ratio': ratio}
    print(json.dumps({**figures, **more}), flush=True)


@dataclass
class Bench:
    """One data set and seed: the shipped network, reference and report images, the reference."""

    name: str
    seed: int
    n_frames: int

    def __post_init__(self) -> None:
        parts, n, design = SPLITS[self.name]
        self.stream: Any = registry.load('streams', self.name)
        self.grid = self.stream.grid.small
        pool = self.stream.pool(parts)
        rng = np.random.default_rng(self.seed)
        scenes = rng.permutation(np.unique(pool.tracks))
        # data sets lie in order of their classes: what is left out is left out by chance
        n_scenes = -(-n * len(scenes) // (2 * len(pool)))
        first, second = np.array_split(scenes, [len(scenes) // 2])
        in_reference = np.isin(pool.tracks, first[:n_scenes])
        in_report = np.isin(pool.tracks, second[:n_scenes])
        self.model = Model.load(self.name)
        engine = registry.load('engines', 'popcount')()
        self.infer = engine.prepare(self.model.network, self.model.weights)
        self.reference_pool = pool.take(np.flatnonzero(in_reference)[: n // 2])
        self.report_pool = pool.take(np.flatnonzero(in_report)[: n // 2])
        self.clean = self.record(self.reference_pool)
        self.design_pool = None
        if design:
            learned = self.stream.pool(design)
            self.design_pool = learned.take(np.arange(0, len(learned), DESIGN_EVERY))
        source = self.design_pool or self.reference_pool
        self.bank_records = {name: self.record(source, name) for name in BANK}
        self.stepped_records = {name: self.record(source, name) for name in STEPPED}
        self.reference = self.calibrated(self.bank_records)
        self.report = self.record(self.report_pool)
        self.shifted = {name: self.record(self.report_pool, name) for name in SHIFTS}
        self.orders: list[Order] = [class_runs, shuffled]
        if not self.clean.independent:
            self.orders = [class_runs_of_tracks, tracks, shuffled]

    @property
    def case(self) -> str:
        return f'{self.name} seed {self.seed}'

    def calibrated(self, bank: dict[str, Record]) -> Reference:
        """Return the reference whose bank knows some corruptions; of steps it knows more."""
        design = None if self.design_pool is None else self.record(self.design_pool)
        return calibrate(
            self.clean,
            self.model.network.head.n_classes,
            self.model.weights.version,
            Knobs(n_frames=100_000, seed=self.seed),
            corrupted=bank,
            design=design,
            stepped=self.stepped_records,
        )

    def record(self, pool: Pool, corruption: str = '') -> Record:
        """Return what the network sees of a pool, damaged as 'invert@0.5' says."""
        images = pool.images
        if corruption:
            images = self.damaged(pool, corruption)
        samples = replace(pool, images=images).samples(self.model.network.input_shape)
        return record(self.model.network, self.infer, samples.images, pool.labels, pool.tracks)

    def damaged(self, pool: Pool, corruption: str) -> Any:
        """Return damaged images; dead lines are others in the report half than in the bank."""
        name, _, severity = corruption.partition('@')
        if pool is self.report_pool:
            segments = [(self.seed + 8, pool.images)]
        else:
            cuts = np.split(pool.images, range(SEGMENT, len(pool), SEGMENT))
            segments = [(self.seed + 1000 + i, images) for i, images in enumerate(cuts)]
        damages = [
            (Damage(float(severity or 1), self.grid, self.seed + 7 + segment, segment), images)
            for segment, images in segments
        ]
        return np.concatenate([corrupt_all(images, name, damage) for damage, images in damages])

    def draw(self, order: Order, rng: np.random.Generator, n_frames: int) -> Array:
        """Return indices into the report half, (streams, frames)."""
        length = max(n_frames // N_STREAMS, 1000)
        report = self.report
        rows = [order(report.classes, report.runs, length, rng) for _ in range(N_STREAMS)]
        return np.stack(rows)

    @property
    def normals(self) -> Iterator[tuple[str, Normal]]:
        """The detectors that can be replayed over many streams at once."""
        yield 'class_conditional', self.reference.clean
        assert self.reference.bank is not None
        yield 'corruption_bank', self.reference.bank


def observation(record: Record, index: int) -> Observation:
    """Return one frame of a record as a detector sees it."""
    return next(record.observations([index]))


def accuracy(record: Record) -> float:
    return float(np.mean(record.predicted == record.classes))
