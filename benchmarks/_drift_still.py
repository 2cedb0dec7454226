"""Scenes that are held for 30-300 frames under sensor noise, and changes that begin inside one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from _drift_bench import Bench, line, SHIFTS
from edge_adapt import registry
from edge_adapt.corruptions import corrupt_all, Damage
from edge_adapt.drift import DriftDetector, Reference
from edge_adapt.drift._calibration import calibrate, Knobs
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._record import Record
from edge_adapt.drift._replay import alarms, watched_alarms
from edge_adapt.records import Array
from edge_adapt.streams import Pool
import numpy as np

BANK = ('noise', 'contrast', 'low_contrast', 'invert', 'dead')
STEPPED = ('blur',)
SENSOR_NOISE = 0.02  # of full scale: about five grey levels
N_REFERENCE = 300  # scenes of the reference that were held
N_STREAMS, N_FRAMES = 128, 1000
WITHIN = 16  # frames after a change
_N_BEFORE = 200  # clean frames, the last N_OWN of the scene that changes
_N_OWN = 50


def still(bench: Bench, n_scenes: int = 60, n_held: int = 30) -> None:
    """The reference was recorded of held scenes, too."""
    rng = np.random.default_rng([bench.seed, 9])
    reference = _reference(bench, n_held, rng)
    assert reference.bank is not None
    scenes = rng.permutation(len(bench.report_pool))[:n_scenes]
    held = bench.report_pool.take(np.repeat(scenes, n_held))
    clean = bench.record(_noisy(held, rng))
    shown = np.stack([_order(n_scenes, n_held, N_FRAMES, rng) for _ in range(N_STREAMS)])
    detector = registry.load('drift', 'ensemble')(reference)
    normals = {'class_conditional': reference.clean, 'corruption_bank': reference.bank}
    found = {name: _alarms(normal, [clean], shown) for name, normal in normals.items()}
    found['ensemble'] = watched_alarms(detector, clean, shown.ravel())
    for label, hits in found.items():
        metric = f'{label}, still scenes with sensor noise, {hits.size} frames'
        line(bench.case, metric, 1e5 * hits.mean(), 'false alarms / 100000')
    for name in SHIFTS:
        changed = bench.record(_noisy(_damaged(bench, held, name, n_held, 50_000), rng))
        rows = np.stack(list(_changing(n_scenes, n_held, len(clean), rng)))
        hits = {
            label: _hits(_alarms(normal, [clean, changed], rows))
            for label, normal in normals.items()
        }
        hits['ensemble'] = _hits(_watched(detector, clean, changed, rows))
        for label, share in hits.items():
            line(bench.case, f'{label}, still, {name}, found in {WITHIN} frames', share, '%')


def _reference(bench: Bench, n_held: int, rng: np.random.Generator) -> Reference:
    """Return the reference of scenes of the reference half that were held, each a track."""
    scenes = rng.permutation(len(bench.reference_pool))[:N_REFERENCE]
    held = bench.reference_pool.take(np.repeat(np.sort(scenes), n_held))
    damaged = {
        name: bench.record(_noisy(_damaged(bench, held, name, n_held, 1000), rng))
        for name in (*BANK, *STEPPED)
    }
    return calibrate(
        bench.record(_noisy(held, rng)),
        bench.model.network.head.n_classes,
        bench.model.weights.version,
        Knobs(n_frames=100_000, seed=bench.seed),
        corrupted={name: damaged[name] for name in BANK},
        stepped={name: damaged[name] for name in STEPPED},
    )


def _damaged(bench: Bench, pool: Pool, name: str, n_held: int, first: int) -> Pool:
    """Return a pool whose scenes are damaged, each with dead lines of its own."""
    segments = np.split(pool.images, range(n_held, len(pool), n_held))
    images = [
        corrupt_all(part, name, Damage(1.0, bench.grid, seed + 7, seed))
        for seed, part in enumerate(segments, bench.seed + first)
    ]
    return replace(pool, images=np.concatenate(images))


def _noisy(pool: Pool, rng: np.random.Generator) -> Pool:
    values = pool.images + 255 * SENSOR_NOISE * rng.standard_normal(pool.images.shape)
    return replace(pool, images=np.rint(values).clip(0, 255).astype(np.uint8))


def _order(n_scenes: int, n_each: int, n: int, rng: np.random.Generator) -> Array:
    parts: list[Array] = []
    while sum(map(len, parts)) < n:
        length = int(rng.integers(30, 301))
        parts.append(rng.integers(n_scenes) * n_each + rng.integers(n_each, size=length))
    return np.concatenate(parts)[:n]


def _changing(
    n_scenes: int, n_each: int, n_clean: int, rng: np.random.Generator
) -> Iterator[Array]:
    """Give a stream for each scene, which changes while it is held; changed frames come last."""
    for scene in range(n_scenes):
        before = _order(n_scenes, n_each, _N_BEFORE - _N_OWN, rng)
        own = scene * n_each + rng.integers(n_each, size=_N_OWN + WITHIN)
        yield np.concatenate([before, own[:_N_OWN], n_clean + own[_N_OWN:]])


def _alarms(normal: Normal, records: list[Record], indices: Array) -> Array:
    residuals = [normal.residuals(normal.gather(r.features), r.predicted) for r in records]
    predicted = np.concatenate([r.predicted for r in records])
    return alarms(normal, np.concatenate(residuals), predicted, indices)


def _watched(detector: DriftDetector, clean: Record, changed: Record, rows: Array) -> Array:
    """Return which frames end in a detection where each stream starts the detector anew."""
    found = np.zeros(rows.shape, bool)
    for row, indices in enumerate(rows):
        detector.reset()
        found[row, :_N_BEFORE] = watched_alarms(detector, clean, indices[:_N_BEFORE])
        found[row, _N_BEFORE:] = watched_alarms(
            detector, changed, indices[_N_BEFORE:] - len(clean)
        )
    return found


def _hits(found: Array) -> float:
    """Return the share in % of streams that alarm in time."""
    # a stream that cried before is in its cool-down: not counted
    awake = ~found[:, :_N_BEFORE].any(axis=1)
    return 100 * float(found[awake, _N_BEFORE:].any(axis=1).mean()) if awake.any() else 0.0
