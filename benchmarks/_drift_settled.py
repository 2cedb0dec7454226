"""False alarms in a domain that the network was adapted to: a detector re-based on its weights."""

from __future__ import annotations

from _drift_bench import accuracy, Bench, line, SHIFTS
from edge_adapt import registry
from edge_adapt.drift import Signature
from edge_adapt.drift._record import Record
from edge_adapt.drift._signature import N_FRAMES
from edge_adapt.engines.popcount import Popcount
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.pipeline.recording import record
from edge_adapt.records import Array, Weights
from edge_adapt.signals import IMAGE_GROUPS
from edge_adapt.streams import Pool
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np

N_LEARNED = 256  # frames that thresholds are recalibrated on
N_STREAMS = 10  # each learns anew what its answers are like
MAX_FRAMES = 100_000  # of all streams


def settled(bench: Bench) -> None:
    """Each stream shows the domain alone to a detector that has to learn the answers first."""
    n_watched = min(bench.n_frames, MAX_FRAMES) // N_STREAMS
    for name in ('clean', *SHIFTS):
        corruption = '' if name == 'clean' else name
        weights = _adapted(bench, corruption)
        seen = _record(bench, bench.report_pool, corruption, weights)
        rng = np.random.default_rng([bench.seed, 13])
        branches: list[str] = []
        for _ in range(N_STREAMS):
            branches += _alarms(bench, weights, seen, name, n_watched, rng)
        n_frames = N_STREAMS * n_watched
        right = 100 * accuracy(seen)
        metric = f'adapted to {name} ({right:.0f} % right), {n_frames} frames'
        line(bench.case, metric, 1e5 * len(branches) / n_frames, 'false alarms / 100000')
        for branch in sorted(set(branches)):
            rate = 1e5 * branches.count(branch) / n_frames
            line(bench.case, f'{metric}, by {branch}', rate, 'false alarms / 100000')


def _adapted(bench: Bench, corruption: str) -> Weights:
    """Return recalibrated weights."""
    pool = bench.reference_pool
    rng = np.random.default_rng([bench.seed, 14])
    pool = pool.take(rng.permutation(len(pool))[:N_LEARNED])
    images = bench.damaged(pool, corruption) if corruption else pool.images
    samples = Pool(images, pool.labels, pool.tracks, pool.cell).samples(
        bench.model.network.input_shape
    )
    objective = EngineObjective(Popcount(), bench.model)
    *_, weights = Recalibration().improve(objective, bench.model.weights, samples)
    return weights


def _record(bench: Bench, pool: Pool, corruption: str, weights: Weights) -> Record:
    images = bench.damaged(pool, corruption) if corruption else pool.images
    shown = Pool(images, pool.labels, pool.tracks, pool.cell)
    samples = shown.samples(bench.model.network.input_shape)
    infer = Popcount().prepare(bench.model.network, weights)
    return record(bench.model.network, infer, samples.images, pool.labels, pool.tracks)


def _alarms(
    bench: Bench,
    weights: Weights,
    seen: Record,
    name: str,
    n_watched: int,
    rng: np.random.Generator,
) -> list[str]:
    """Return the branches that alarm in one stream."""

    def drawn(n: int) -> Array:
        return bench.orders[0](seen.classes, seen.runs, n, rng)

    if name != 'clean':
        images = np.concatenate([seen.features[group] for group in IMAGE_GROUPS], axis=-1)
        weights = weights.replace(Signature.of(images[drawn(N_FRAMES)]).tensors())
    detector = registry.load('drift', 'class_conditional')(bench.reference)
    detector.rebase(weights, weights.version)
    branches = []
    for observation in seen.observations(drawn(n_watched)):
        detector.update(observation)
        if detector.detection is not None:
            branches.append(detector.detection.details['branch'])
    return branches
