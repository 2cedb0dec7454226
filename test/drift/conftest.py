"""Clean frames that no network made: features of three classes, Gaussian about their means."""

from __future__ import annotations

from collections.abc import Iterator

from edge_adapt.drift import Reference
from edge_adapt.drift._calibration import calibrate, Knobs
from edge_adapt.drift._record import Record
from edge_adapt.records import F32, Observation
from edge_adapt.signals import GROUP_SIZES
import numpy as np
import pytest

N_CLASSES = 3
VERSION = 'a version'
_N_FEATURES = sum(GROUP_SIZES.values())


class World:
    """Draws observations: runs of one class, with `shift` added to every feature."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._means = np.random.default_rng(99).normal(size=(N_CLASSES, _N_FEATURES))

    def frames(self, n: int, shift: float = 0.0, run: int = 40) -> Iterator[Observation]:
        """Give n observations in runs of one class."""
        for i in range(n):
            k = (i // run) % N_CLASSES
            values = self._means[k] + self._rng.normal(size=_N_FEATURES) + shift
            yield Observation(i * 33_000_000, k, split(values.astype(np.float32)))


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
def reference(record: Record) -> Reference:
    knobs = Knobs(interval=100_000, n_frames=5_000, seed=3)
    return calibrate(record, N_CLASSES, VERSION, knobs)
