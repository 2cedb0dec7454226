"""Weights from outside pass the same judge and the same trial as those learned here."""

from __future__ import annotations

from pathlib import Path

from edge_adapt import registry
from edge_adapt.corruptions import corrupt
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.assembly import reference_of
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.ladder import ladder_from
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Detection, Samples, Weights
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.weight_store import WeightStore
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np
import pytest

ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)
MODEL = Model.load('digits')


@pytest.fixture(scope='module')
def pool() -> Samples:
    samples = registry.load('streams', 'digits').pool('adapt').samples(MODEL.network.input_shape)
    return samples.take(np.random.default_rng(0).permutation(len(samples)))


@pytest.fixture(scope='module')
def for_contrast(pool: Samples) -> Weights:
    """Return what another robot learned in the same world."""
    objective = EngineObjective(registry.load('engines', 'popcount')(), MODEL)
    *_, better = Recalibration().improve(objective, MODEL.weights, seen(pool, 'contrast'))
    return better


def seen(samples: Samples, domain: str) -> Samples:
    images = np.stack([corrupt(image, domain) for image in samples.images])
    return Samples(images, samples.labels)


def robot(folder: Path) -> Adaptation:
    """Return a learning path that learns nothing without labels."""
    return Adaptation(
        WeightStore(folder, MODEL),
        registry.load('engines', 'popcount')(),
        reference_of('digits', MODEL),
        ladder_from('bank,head', 'row_es', 0, MODEL.network),
        Gate(),
        clock_ns=lambda: 0,
    )


def offer(path: Adaptation, weights: Weights, sequence: int = 7) -> None:
    update = WeightUpdate.between(MODEL, weights, sequence, 1, producer='fleet')
    path.on_offer(update, weights)


def show(path: Adaptation, samples: Samples, start: int = 0) -> list[Decision]:
    decisions = []
    for i, image in enumerate(samples.images, start):
        path.on_frame(i, image)
        decisions.append(path.step())
    return [decision for decision in decisions if decision is not None]


def test_a_gain_proved_here_is_promoted_and_confirmed(
    tmp_path: Path, pool: Samples, for_contrast: Weights
) -> None:
    path = robot(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    offer(path, for_contrast)
    decisions = show(path, seen(pool.take(np.arange(200)), 'contrast'), 64)
    assert [(d.rung, d.accepted) for d in decisions] == [
        ('bank', False),
        ('offer', True),
        ('trial', True),
    ]
    assert decisions[1].reason.startswith('from fleet, signed by nobody: information')
    assert path.weights.version == decisions[1].candidate == for_contrast.version
    assert robot(tmp_path).weights.version == path.weights.version


def test_without_a_gain_here_it_is_refused(
    tmp_path: Path, pool: Samples, for_contrast: Weights
) -> None:
    path = robot(tmp_path)
    offer(path, for_contrast)
    [decision] = show(path, pool)
    assert (decision.rung, decision.accepted) == ('offer', False)
    assert path.weights == MODEL.weights


def test_what_proves_worse_on_trial_goes_back(
    tmp_path: Path, pool: Samples, for_contrast: Weights
) -> None:
    path = robot(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    offer(path, for_contrast)
    show(path, seen(pool.take(np.arange(96)), 'contrast'), 64)
    assert path.weights == for_contrast
    [decision] = show(path, pool, 160)  # the world is clean again
    assert decision.rung == 'rollback'
    assert path.weights == MODEL.weights


def test_nothing_is_proved_by_frames_of_one_class(tmp_path: Path, pool: Samples) -> None:
    path = robot(tmp_path)
    ones = pool.take(np.resize(np.flatnonzero(pool.labels == 1), 200))
    rng = np.random.default_rng(0)
    confident = rng.integers(-127, 128, MODEL.weights['head.weights'].shape, np.int8)
    offer(path, MODEL.weights.replace({'head.weights': confident}))
    [decision] = show(path, ones)
    assert not decision.accepted
    assert path.weights == MODEL.weights


def test_a_repeated_offer_is_refused_also_after_a_restart(
    tmp_path: Path, for_contrast: Weights
) -> None:
    path = robot(tmp_path)
    offer(path, for_contrast)
    for machine in (path, robot(tmp_path)):
        with pytest.raises(UsageError, match='offer 7 is not above 7: it is old'):
            offer(machine, for_contrast)
    offer(robot(tmp_path), for_contrast, sequence=8)


def test_what_it_says_of_its_domain_is_not_believed(
    tmp_path: Path, pool: Samples, for_contrast: Weights
) -> None:
    path = robot(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    wide = np.full(32, 1e6, np.float32)  # a detector that took this for normal would be blind
    offer(path, for_contrast.replace({'domain.mean': wide, 'domain.deviation': wide}))
    show(path, seen(pool.take(np.arange(200)), 'contrast'), 64)
    assert path.weights == for_contrast


def test_local_numbers_are_not_moved_by_those_from_outside(
    tmp_path: Path, for_contrast: Weights
) -> None:
    path = robot(tmp_path)
    before = path.store.next_sequence
    offer(path, for_contrast, sequence=2**62)
    assert path.store.next_sequence == before
    assert path.store.next_said < 2**61 + path.store.state.epoch
