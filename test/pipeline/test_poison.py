"""Frames and labels that were made to mislead: what is promoted was proved on a fair mixture."""

from __future__ import annotations

from pathlib import Path

from edge_adapt import registry
from edge_adapt.corruptions import corrupt
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.assembly import reference_of
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.ladder import Rung
from edge_adapt.records import Detection, I64, Samples, U8
from edge_adapt.store.weight_store import WeightStore
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np
import pytest

ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)
N_FRAMES = 300


@pytest.fixture(scope='module')
def pool() -> Samples:
    model = Model.load('digits')
    samples = registry.load('streams', 'digits').pool('adapt').samples(model.network.input_shape)
    order = np.random.default_rng(0).permutation(len(samples))
    return samples.take(np.resize(order, N_FRAMES + 64))


def learn(folder: Path, pool: Samples, images: U8, labels: I64) -> list[Decision]:
    """Show calm frames, raise an alarm, show poisoned ones; return the decisions."""
    model = Model.load('digits')
    path = Adaptation(
        WeightStore(folder, model),
        registry.load('engines', 'popcount')(),
        reference_of('digits', model),
        (
            Rung('bank', n_frames=16),
            Rung('recalibration', (('recalibration', Recalibration()),)),
            Rung('row_es', (('row_es', registry.load('updaters', 'row_es')(seed=0)),), 96, 64),
        ),
        Gate(),
        clock_ns=lambda: 0,
    )
    decisions = []
    for i, image in enumerate(pool.images[:64]):
        path.on_frame(i, image)
    path.on_drift(ALARM)
    for i, (image, label) in enumerate(zip(images, labels, strict=True), start=64):
        path.on_label(i, int(label))
        path.on_frame(i, image)
        decision = path.step()
        if decision is not None:
            decisions.append(decision)
    return decisions


def learned(decisions: list[Decision]) -> list[Decision]:
    """Return the promotions that moved weights, rather than only naming the domain."""
    return [d for d in decisions if d.accepted and d.rung in ('recalibration', 'row_es')]


def test_labels_at_random_teach_nothing(tmp_path: Path, pool: Samples) -> None:
    labels = np.random.default_rng(1).integers(0, 10, N_FRAMES)
    decisions = learn(tmp_path, pool, pool.images[64:], labels)
    assert learned(decisions) == []


def test_one_label_for_everything_teaches_nothing(tmp_path: Path, pool: Samples) -> None:
    labels = np.full(N_FRAMES, 3)
    decisions = learn(tmp_path, pool, pool.images[64:], labels)
    assert learned(decisions) == []


@pytest.mark.parametrize('level', [0, 128, 255])
def test_frames_that_all_look_the_same_teach_nothing(
    level: int, tmp_path: Path, pool: Samples
) -> None:
    images = np.full_like(pool.images[64:], level)
    decisions = learn(tmp_path, pool, images, np.full(N_FRAMES, -1))
    assert learned(decisions) == []


def test_one_frame_the_network_is_sure_of_teaches_nothing(tmp_path: Path, pool: Samples) -> None:
    image = corrupt(pool.images[64], 'contrast')
    decisions = learn(tmp_path, pool, np.stack([image] * N_FRAMES), np.full(N_FRAMES, -1))
    assert learned(decisions) == []


def test_honest_frames_of_a_changed_world_do_teach(tmp_path: Path, pool: Samples) -> None:
    images = np.stack([corrupt(image, 'contrast') for image in pool.images[64:]])
    assert learned(learn(tmp_path, pool, images, pool.labels[64:]))
