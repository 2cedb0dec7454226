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
from edge_adapt.streams import Pool
from edge_adapt.streams.gtsrb import Gtsrb
from edge_adapt.updaters.cwr_star import CwrStar
from edge_adapt.updaters.restoration_search import RestorationSearch
from learning.table import last, line, Setting, Table
import numpy as np

EVERY = 2  # of the frames of a track; a track has about 30
SPACING = 7  # of those seen, for the window: two frames a track
CHECKPOINTS = (16, 32, 64, 128, 256)  # frames in the window when an adaptation is tried
MIN_RISE_NATS = 0.05
LABELLED, MIN_LABELS = 0.05, 32
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
            walk = Walk(EngineObjective(Popcount(), model), samples, seed)
            for column, hits in walk.run().items():
                table.add(row, f'prequential, {column}', 100 * float(hits.mean()))
                table.add(row, f'last half, {column}', 100 * float(hits[len(hits) // 2 :].mean()))
    _report(table)


def _segment(pool: Pool, name: str, severity: float, rng: np.random.Generator) -> Samples:
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

    def run(self) -> dict[str, Array]:
        """Return the hits frame by frame: frozen, adapted without labels, and with some."""
        base, labels = self.objective.base, self.samples.labels
        frozen = self._answers(base) == labels
        hits = {'frozen': frozen, 'no labels': frozen.copy(), '5 % labels': frozen.copy()}
        window = np.arange(0, len(labels), SPACING)
        for n in CHECKPOINTS:
            at = int(window[n - 1]) + 1
            restored = self._restored(base, window[:n])
            tuned = self._tuned(restored, at)
            hits['no labels'][at:] = self._answers(restored, at) == labels[at:]
            hits['5 % labels'][at:] = hits['no labels'][at:]
            if tuned is not restored:
                hits['5 % labels'][at:] = self._answers(tuned, at) == labels[at:]
        return hits

    def _answers(self, weights: Weights, start: int = 0) -> Array:
        parts = [
            self.objective.logits(weights, self.samples.images[i : i + 500]).argmax(axis=1)
            for i in range(start, len(self.samples), 500)
        ]
        return np.concatenate(parts)

    def _restored(self, base: Weights, window: Array) -> Weights:
        """Return restored and recalibrated weights, or the trained ones where they are clearer."""
        images = self.samples.images[window]
        frames = Samples(images, np.full(len(images), UNKNOWN))
        better = last(RestorationSearch(), self.objective, base, frames)
        before, after = (health(self.objective, w, images) for w in (base, better))
        rise = after.information - before.information
        return better if rise >= MIN_RISE_NATS else base

    def _tuned(self, weights: Weights, seen: int) -> Weights:
        """Return weights whose head learned the labels told so far, where half of them agree."""
        rng = np.random.default_rng(self.seed)
        told = np.flatnonzero(rng.random(len(self.samples)) < LABELLED)
        known = self.samples.take(told[told < seen])
        if len(known) < MIN_LABELS:
            return weights
        held = np.arange(len(known)) % 2 == 0
        learner = CwrStar(self.seed, known_count=200)
        tuned = last(learner, self.objective, weights, known.take(~held))
        verdict = Gate().judge(self.objective, weights, tuned, known.take(held))
        return tuned if verdict.accepted else weights


def _report(table: Table) -> None:
    """Print all rows, the share of the lost accuracy that came back, and the worst segment."""
    rows = list(dict.fromkeys(row for row, _ in table.values))
    mean = 'mean of twelve'
    table.mean_over([row for row in rows if row != 'clean'], mean)
    table.print()

    def against_frozen(row: str, part: str, column: str) -> Array:
        adapted, frozen = (table.values[row, f'{part}, {name}'] for name in (column, 'frozen'))
        return np.subtract(adapted, frozen)

    for column in ('no labels', '5 % labels'):
        for part in ('prequential', 'last half'):
            clean, damaged = (table.values[row, f'{part}, frozen'] for row in ('clean', mean))
            shares = 100 * against_frozen(mean, part, column) / np.subtract(clean, damaged)
            name = f'lost accuracy recovered: {part}, {column}'
            line('tracks', name, shares, '%', 'bar', 65.0)
        gains = {row: against_frozen(row, 'prequential', column) for row in rows}
        worst = min(float(gain.min()) for gain in gains.values())
        line('tracks', f'worst segment, {column}', [worst], 'points', 'bar', -1.0)
        line('tracks', f'clean segment, {column}', gains['clean'], 'points', 'bar', -0.5)
