"""The strategies against each other and against `cmaes`, on one small problem."""

from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters._head_task import HeadTask
from edge_adapt.updaters.mu_lambda import MuLambda
from edge_adapt.updaters.one_plus_lambda import OnePlusLambda
from edge_adapt.updaters.open_ai_es import centred_ranks, OpenAiEs
from edge_adapt.updaters.rank_one import RankOne
from edge_adapt.updaters.row_es import RowEs
from edge_adapt.updaters.sep_cma import SepCma
from edge_adapt.updaters.sgd import Sgd
import numpy as np
import pytest

BUDGET = 205_000  # evaluations: one candidate on one sample


@pytest.fixture
def objective(toy):
    return EngineObjective(Reference(), toy)


@pytest.fixture(scope='module')
def shifted(digits):
    """Return digits one pixel to the right: recalibration cannot mend that, a head can."""
    return Samples(np.roll(digits.images, 1, axis=2), digits.labels)


def accuracy(objective, weights, samples):
    return (objective.logits(weights, samples.images).argmax(axis=1) == samples.labels).mean()


def trained(updater, objective, weights, samples):
    *_, better = updater.improve(objective, weights, samples)
    return better


def of_budget(population_size):
    return BUDGET // (population_size * 256)


@pytest.mark.parametrize(
    'updater',
    [
        RowEs(),
        MuLambda(n_generations=of_budget(32)),
        OpenAiEs(n_generations=of_budget(32)),
        RankOne(n_generations=of_budget(32)),
        SepCma(n_generations=of_budget(40)),
        OnePlusLambda(n_candidates=BUDGET // 400),
    ],
    ids=lambda updater: type(updater).__name__,
)
def test_every_strategy_learns(updater, toy, objective, shifted):
    train, rest = shifted.take(np.arange(1000, 1400)), shifted.take(np.arange(1400, 1797))
    before = accuracy(objective, toy.weights, rest)
    better = trained(updater, objective, toy.weights, train)
    assert accuracy(objective, better, rest) > before + 0.01
    assert objective.n_evaluations <= 1.1 * BUDGET + 2 * len(rest) + len(train)


def test_one_fitness_a_row_beats_one_for_all(toy, objective, shifted):
    """At equal evaluations the row-parallel strategy is above sep-CMA-ES of `cmaes`."""
    train, rest = shifted.take(np.arange(1000, 1400)), shifted.take(np.arange(1400, 1797))
    row = trained(RowEs(n_evaluations=BUDGET), objective, toy.weights, train)
    cma = trained(SepCma(n_generations=of_budget(40)), objective, toy.weights, train)
    assert accuracy(objective, row, rest) > accuracy(objective, cma, rest)


def test_is_within_a_few_points_of_gradients(toy, objective, shifted):
    train, rest = shifted.take(np.arange(1000, 1400)), shifted.take(np.arange(1400, 1797))
    row = trained(RowEs(n_evaluations=400_000), objective, toy.weights, train)
    sgd = trained(Sgd(), objective, toy.weights, train)
    # 397 test images: two standard errors of a difference are about four points.
    assert accuracy(objective, row, rest) > accuracy(objective, sgd, rest) - 0.05


def test_ranks_forget_how_far_an_outlier_lies():
    np.testing.assert_allclose(
        centred_ranks(np.array([3.0, 1e9, -5.0])), [0.0, 0.5, -0.5], atol=1e-12
    )


def test_a_vector_is_a_head(toy, objective, shifted):
    task = HeadTask.of(objective, toy.weights, shifted.take(np.arange(50)))
    assert task.deployed(task.vector).version == toy.weights.version


@pytest.mark.parametrize(
    ('make', 'sentence'),
    [
        (lambda: MuLambda(n_parents=32), '1..31, got 32'),
        (lambda: OpenAiEs(population_size=7), 'even and >= 2, got 7'),
    ],
)
def test_refuses_wrong_options(make, sentence):
    with pytest.raises(UsageError, match=sentence):
        make()
