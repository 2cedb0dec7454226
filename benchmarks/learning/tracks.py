"""Traffic signs in tracks, as a camera sees them: six corruptions at two severities, one pass."""

from __future__ import annotations

from dataclasses import dataclass

from _damage import pool_of
from edge_adapt.corruptions import corrupt_all, Damage
from edge_adapt.engines.popcount import Popcount
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.health import health
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Array, Samples, UNKNOWN, Weights
from edge_adapt.streams.gtsrb import Gtsrb
from edge_adapt.updaters.cwr_star import CwrStar
from edge_adapt.updaters.restoration_search import RestorationSearch
from learning.table import last, line, Setting, Table
import numpy as np

EVERY = 2  # of the frames of a track; a track has about 30
SPACING = 7  # of those seen, for the window: two frames a track
CHECKPOINTS = (32, 64, 128, 256)  # frames in the window when an adaptation is tried
MIN_RISE_NATS = 0.05
LABELLED = 0.05
SEVERITIES = {
    'noise': (0.08 / 0.35, 0.2 / 0.35),
    'blur': (1 / 3, 1.0),
    'dark': (0.6 / 0.85, 1.0),
    'fog': (0.4 / 0.75, 1.0),
    'bright': (0.5, 1.0),
    'dead': (3 / 8, 1.0),
}
SEGMENTS = (
    ('clean', 0.0),
    *((name, severity) for name, both in SEVERITIES.items() for severity in both),
)


def tracks(setting: Setting) -> None:
    """
    The shipped network on tracks nobody trained on, prequential: answered, then learned from.

    The alarm is given: at each change the window starts anew and the trained weights come back.
    """
    table, model = Table('tracks'), Model.load('gtsrb')
    pool = pool_of('gtsrb', 'adapt', 0)
    for seed in setting.seeds:
        rng = np.random.default_rng(seed)
        for name, severity in (SEGMENTS[0], *rng.permutation(np.array(SEGMENTS[1:], object))):
            samples = _segment(pool, name, float(severity), rng)
            row = f'{name} {float(severity):.2f}' if severity else name
            for column, n_labelled in (('no labels', 0.0), ('5 % labels', LABELLED)):
                walk = Walk(EngineObjective(Popcount(), model), samples, seed, n_labelled)
                frozen, adapted, after = walk.run()
                if not n_labelled:
                    table.add(row, 'frozen', 100 * frozen)
                table.add(row, f'prequential, {column}', 100 * adapted)
                table.add(row, f'last half, {column}', 100 * after)
    _report(table)


def _segment(pool: Array, name: str, severity: float, rng: np.random.Generator) -> Samples:
    """Return the tracks in a new order, every second frame of each, damaged alike."""
    images, labels, numbers = pool.images, pool.labels, pool.tracks
    order = np.concatenate(
        [
            np.flatnonzero(numbers == track)[::EVERY]
            for track in rng.permutation(np.unique(numbers))
        ]
    )
    seeds = (int(rng.integers(1 << 31)) for _ in '12')
    damage = Damage(severity, Gtsrb.grid.small, *seeds)
    shown = corrupt_all(images[order], name, damage) if severity else images[order]
    return Samples(shown, labels[order])


@dataclass
class Walk:
    """One pass over a segment: frames are answered by the weights of the moment."""

    objective: EngineObjective
    samples: Samples
    seed: int
    share_labelled: float

    def run(self) -> tuple[float, float, float]:
        """Return the accuracies frozen, adapted, and adapted over the last half."""
        base, labels = self.objective.base, self.samples.labels
        frozen = self._answers(base) == labels
        hits = frozen.copy()
        window = np.arange(0, len(labels), SPACING)
        for n in CHECKPOINTS:
            at = int(window[n - 1]) + 1 if n <= len(window) else len(labels)
            if at >= len(labels):
                break
            weights = self._adapted(base, window[:n], at)
            hits[at:] = self._answers(weights, at) == labels[at:]
        return float(frozen.mean()), float(hits.mean()), float(hits[len(hits) // 2 :].mean())

    def _answers(self, weights: Weights, start: int = 0) -> Array:
        parts = [
            self.objective.logits(weights, self.samples.images[i : i + 500]).argmax(axis=1)
            for i in range(start, len(self.samples), 500)
        ]
        return np.concatenate(parts)

    def _adapted(self, base: Weights, window: Array, seen: int) -> Weights:
        """Return restored and recalibrated weights, or the trained ones where they are clearer."""
        guard = window[::2]
        frames = self.samples.take(window)
        rng = np.random.default_rng(self.seed)
        told = np.flatnonzero(rng.random(len(self.samples)) < self.share_labelled)
        known = self.samples.take(told[told < seen])
        unlabelled = Samples(frames.images, np.full(len(frames), UNKNOWN))
        better = last(RestorationSearch(), self.objective, base, unlabelled)
        images = self.samples.images[guard]
        rise = (
            health(self.objective, better, images).information
            - health(self.objective, base, images).information
        )
        chosen = better if rise >= MIN_RISE_NATS else base
        if len(known) < 64:
            return chosen
        held = np.arange(len(known)) % 2 == 0
        tuned = last(
            CwrStar(self.seed, known_count=200), self.objective, chosen, known.take(~held)
        )
        verdict = Gate().judge(self.objective, chosen, tuned, known.take(held))
        return tuned if verdict.accepted else chosen


def _report(table: Table) -> None:
    """Print all rows, the share of the lost accuracy that came back, and the worst segment."""
    rows = list(dict.fromkeys(row for row, _ in table.values))
    damaged = [row for row in rows if row != 'clean']
    table.mean_over(damaged, 'mean of twelve')
    table.print()
    lost = np.subtract(table.values['clean', 'frozen'], table.values['mean of twelve', 'frozen'])
    for column in ('no labels', '5 % labels'):
        for part in ('prequential', 'last half'):
            name = f'{part}, {column}'
            back = np.subtract(
                table.values['mean of twelve', name], table.values['mean of twelve', 'frozen']
            )
            line('tracks', f'lost accuracy recovered: {name}', 100 * back / lost, '%', 'bar', 65.0)
        name = f'prequential, {column}'
        worst = min(
            np.subtract(table.values[r, name], table.values[r, 'frozen']).min() for r in rows
        )
        line('tracks', f'worst segment against frozen: {name}', [worst], 'points', 'bar', -1.0)
        clean = np.subtract(table.values['clean', name], table.values['clean', 'frozen'])
        line('tracks', f'clean, against frozen: {name}', clean, 'points', 'bar', -0.5)
