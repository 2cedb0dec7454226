"""The label-free judge that explains the frames first."""

from edge_adapt.engines.reference import Reference
from edge_adapt.pipeline.explanation import Explanation
from edge_adapt.pipeline.health import health
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.transform_search import TransformSearch
import numpy as np
import pytest

SEARCH = TransformSearch(radius=1, both_axes=False)


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


@pytest.fixture(scope='module')
def frames(digits):
    return digits.take(np.arange(1000, 1128))


def recalibrated(objective, samples):
    *_, tuned = Recalibration().improve(objective, objective.base, samples)
    return tuned


def test_a_recalibrated_negative_looks_healthy_and_is_found_out(toy, objective, frames):
    negative = Samples(255 - frames.images, frames.labels)
    fooled = recalibrated(objective, negative)
    before, after = (health(objective, w, negative.images) for w in (toy.weights, fooled))
    assert after.information > before.information  # the signals of the network see no fault
    clearest = Explanation.of(objective, toy.weights, negative.images, SEARCH)
    assert clearest.agreement(objective, fooled) < 0.2
    hits = clearest.answers == negative.labels
    assert hits.mean() > 0.8


def test_a_good_candidate_agrees(toy, objective, frames):
    dim = Samples((frames.images * 0.3 + 60).astype(np.uint8), frames.labels)
    clearest = Explanation.of(objective, toy.weights, dim.images, SEARCH)
    better = recalibrated(objective, dim)
    gain = clearest.agreement(objective, better) - clearest.agreement(objective, toy.weights)
    assert gain > 0.1
