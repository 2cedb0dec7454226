from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.growth import with_class
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters.cwr_star import CwrStar
import numpy as np
import pytest


def test_nothing_changes_until_the_class_is_learned(toy, digits):
    grown = with_class(toy, 'moon')
    assert grown.network.class_names[-1] == 'moon'
    before, after = (
        Reference().prepare(model.network, model.weights)(digits.images[:300]).logits
        for model in (toy, grown)
    )
    np.testing.assert_array_equal(after[:, :10], before)
    assert not (after.argmax(axis=1) == 10).any()


def test_a_new_class_is_learned_at_run_time(toy, digits):
    grown = with_class(toy, 'moon')
    objective = EngineObjective(Reference(), grown)
    striped = digits.images[:200].copy()
    striped[:, :, ::2] = 255
    moons = Samples(striped, np.full(200, 10))
    old = digits.take(np.arange(1000, 1797))
    *_, weights = CwrStar().improve(objective, grown.weights, moons.take(np.arange(100)))
    found = objective.logits(weights, moons.images[100:]).argmax(axis=1) == 10
    kept = objective.logits(weights, old.images).argmax(axis=1) == old.labels
    frozen = objective.logits(grown.weights, old.images).argmax(axis=1) == old.labels
    assert found.mean() > 0.8
    assert kept.mean() > frozen.mean() - 0.05


@pytest.mark.parametrize('name', ['', '3'])
def test_refuses_a_name_that_is_taken(name, toy):
    with pytest.raises(UsageError, match='name of its own'):
        with_class(toy, name)
