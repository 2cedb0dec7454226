"""Clean frames that no network made: features of three classes, Gaussian about their means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edge_adapt.drift import Reference
from edge_adapt.drift._calibration import calibrate, Knobs
from edge_adapt.drift._fit_odds import fit_odds
from edge_adapt.drift._odds import Odds
from edge_adapt.drift._record import Record
from edge_adapt.records import F32, Observation
from edge_adapt.signals import BLOCKS, GROUP_SIZES, OUTPUT
import numpy as np
import pytest

N_CLASSES = 3
VERSION = 'a version'
PERIOD_NS = 33_000_000
_N_FEATURES = sum(GROUP_SIZES.values())
_LOG_ENTROPY = -GROUP_SIZES[OUTPUT]  # of a network that is rather sure


class World:
    """Draws observations; the labels are right on 95 % of clean frames, on 30 % of others."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._means = np.random.default_rng(99).normal(size=(N_CLASSES, _N_FEATURES))

    def frames(self, n: int, shift: float = 0.0, run: int = 40) -> Iterator[Observation]:
        """Give n observations in runs of one class, with `shift` added to every feature."""
        for i in range(n):
            k = (i // run) % N_CLASSES
            values = self._means[k] + self._rng.normal(size=_N_FEATURES) + shift
            values[_LOG_ENTROPY] = 0.3 * values[_LOG_ENTROPY] - 2
            error = float(self._rng.random() < (0.7 if shift else 0.05))
            yield Observation(i * PERIOD_NS, k, split(values.astype(np.float32)), error)

    def still(self, n: int, gain: float = 1.0, offset: float = 0.0) -> Iterator[Observation]:
        """Give n observations of one scene that hardly moves, its levels changed."""
        scene = np.linspace(0.2, 0.6, GROUP_SIZES[BLOCKS])
        for frame in self.frames(n):
            blocks = gain * scene + offset + 0.002 * self._rng.normal(size=len(scene))
            features = {**frame.features, BLOCKS: blocks.astype(np.float32)}
            yield Observation(frame.stamp_ns, 0, features)


def split(values: F32) -> dict[str, F32]:
    """Return the feature groups of one vector."""
    ends = np.cumsum(list(GROUP_SIZES.values()))[:-1]
    return dict(zip(GROUP_SIZES, np.split(values, ends), strict=True))


@pytest.fixture
def world() -> World:
    return World(seed=1)


@pytest.fixture(scope='session')
def record() -> Record:
    return Record.of(World(seed=0).frames(1200))


@pytest.fixture(scope='session')
def corrupted() -> dict[str, Record]:
    return {'up': Record.of(World(seed=2).frames(300, shift=2.0))}


@pytest.fixture(scope='session')
def odds() -> Odds:
    found = fit_odds(scenes(0), {'up': scenes(2, shift=2.0)}, None, interval=100_000)
    assert found is not None
    return found


def scenes(seed: int, shift: float = 0.0, n: int = 200) -> Record:
    """Return n scenes of four frames."""
    frames = World(seed).frames(4 * n, shift, run=4)
    return Record.of(frames, tracks=np.repeat(np.arange(n), 4).tolist())


@pytest.fixture(scope='session')
def reference(record: Record, corrupted: dict[str, Record], odds: Odds) -> Reference:
    knobs = Knobs(interval=100_000, n_frames=3000, seed=3)
    made = calibrate(record, N_CLASSES, VERSION, knobs, corrupted=corrupted)
    return replace(made, odds=odds)
