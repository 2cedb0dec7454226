"""Features that vary together as before tell a mixture from one single class."""

from __future__ import annotations

from edge_adapt.corruptions import corrupt
from edge_adapt.engines.popcount import Popcount
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.likeness import likeness, standardized
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np
import pytest


def after_recalibration(samples: Samples, pool: Samples) -> float:
    """Return the likeness of features recalibrated on samples to those of a clean mixture."""
    model = Model.load('digits')
    objective = EngineObjective(Popcount(), model)
    before = standardized(objective, model.weights, pool.images[:64])
    *_, tuned = Recalibration().improve(objective, model.weights, samples.take(np.arange(64)))
    return likeness(before, standardized(objective, tuned, samples.images[64:]))


def seen(samples: Samples, domain: str) -> Samples:
    images = np.stack([corrupt(image, domain) for image in samples.images])
    return Samples(images, samples.labels)


@pytest.mark.parametrize('domain', ['contrast', 'low_contrast', 'noise', 'blur'])
def test_a_mixture_is_told_from_one_class(pool: Samples, domain: str) -> None:
    mixture = seen(pool.take(np.arange(100, 196)), domain)
    threes = np.resize(np.flatnonzero(pool.labels == 3), 96)
    assert after_recalibration(mixture, pool) > 0.7
    assert after_recalibration(seen(pool.take(threes), domain), pool) < 0.65


def test_a_recalibrated_negative_is_not_alike(pool: Samples) -> None:
    assert after_recalibration(seen(pool.take(np.arange(100, 196)), 'invert'), pool) < 0.65


def test_equal_features_are_alike_and_chance_is_not() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(4000, 1)) + 0.5 * rng.normal(size=(4000, 8))
    common /= common.std(axis=0)
    half = common - common.mean(axis=0)
    assert likeness(half[:2000], half[2000:]) == pytest.approx(1.0, abs=0.05)  # sampling
    assert abs(likeness(half[:2000], rng.normal(size=(2000, 8)))) < 0.05
    assert likeness(rng.normal(size=(1, 8)), half) == 0.0  # one frame tells nothing
