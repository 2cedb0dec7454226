"""The rungs on the accelerator end where those on the CPU end, bit for bit."""

from collections.abc import Iterator

from edge_adapt.corruptions import corrupt_all
from edge_adapt.engines._accelerator import geometry_of, MAX_FLIP_SAMPLES, MAX_SAMPLES
from edge_adapt.engines._learner import Learner, MAX_WINDOW
from edge_adapt.engines.popcount import Popcount
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.accelerated import (
    accelerated,
    AcceleratedRecalibration,
    AcceleratedRowEs,
)
from edge_adapt.pipeline.accelerated_bit_flips import AcceleratedBitFlips
from edge_adapt.pipeline.accelerated_sgd import AcceleratedSgd
from edge_adapt.pipeline.ladder import ladder_from
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Updater
from edge_adapt.updaters.bit_flips import BitFlips
from edge_adapt.updaters.frozen import Frozen
from edge_adapt.updaters.integer_sgd import IntegerSgd
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.row_es import RowEs
import numpy as np
import pytest

from hw.cosim.build import build, missing
from hw.tests.networks import levels_network_of, random_weights

N_EVALUATIONS = 20_000
LANES, LEVEL_LANES = 32, 64


@pytest.fixture
def learner(toy) -> Iterator[Learner]:
    made = Learner(toy.network, toy.weights, LANES)
    yield made
    made.close()


@pytest.fixture
def levels() -> Model:
    network = levels_network_of((64, 24, 17))
    return Model(network, random_weights(network, seed=3), {})


def improved(updater: Updater, toy, weights: Weights, samples: Samples) -> tuple[Weights, int]:
    """Return the last weights, and how many evaluations they cost."""
    objective = EngineObjective(Popcount(), toy)
    *_, better = updater.improve(objective, weights, samples)
    return better, objective.n_evaluations


@pytest.mark.rtl
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
@pytest.mark.parametrize('damage', ['contrast', 'dead'])
def test_rungs_give_the_same_weights_as_on_the_cpu(damage, toy, digits, learner) -> None:
    geometry = geometry_of(toy.network, toy.weights, LANES)
    build('accelerator', geometry.learning_parameters, 'serving')
    images = corrupt_all(digits.images[1000:1300], damage)
    samples = Samples(images[:100], digits.labels[1000:1100])
    pairs: list[tuple[Updater, Updater]] = [
        (Recalibration('rate'), AcceleratedRecalibration(learner)),
        (RowEs(5, N_EVALUATIONS), AcceleratedRowEs(learner, 5, N_EVALUATIONS)),
        (BitFlips(5, 16, lanes=LANES), AcceleratedBitFlips(learner, 5, 16)),
    ]
    weights = toy.weights
    for on_cpu, on_accelerator in pairs:
        expected, n_expected = improved(on_cpu, toy, weights, samples)
        weights, n_evaluations = improved(on_accelerator, toy, weights, samples)
        assert weights.version == expected.version
        assert n_evaluations == n_expected
    infer = Popcount().prepare(toy.network, weights)
    right = infer(images[100:]).logits.argmax(axis=1) == digits.labels[1100:1300]
    frozen = Popcount().prepare(toy.network, toy.weights)(images[100:]).logits.argmax(axis=1)
    assert right.mean() > (frozen == digits.labels[1100:1300]).mean() + 0.1


@pytest.mark.rtl
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(missing()), reason='; '.join(missing()))
def test_descent_gives_the_same_weights_as_on_the_cpu(levels, digits) -> None:
    geometry = geometry_of(levels.network, levels.weights, LEVEL_LANES)
    build('accelerator', geometry.learning_parameters, 'serving')
    samples = digits.take(np.arange(80))
    samples = Samples(samples.images.reshape(80, 1, -1, 1), samples.labels)
    learner = Learner(levels.network, levels.weights, LEVEL_LANES)
    try:
        expected, n_expected = improved(IntegerSgd(5, 3), levels, levels.weights, samples)
        better, n = improved(AcceleratedSgd(learner, 5, 3), levels, levels.weights, samples)
    finally:
        learner.close()
    assert better.version == expected.version != levels.weights.version
    assert n == n_expected


def kinds_of(ladder: str, model: Model, learner: Learner) -> list[type]:
    rungs = ladder_from(ladder, 'row_es', 1, model.network)
    return [type(u) for rung in accelerated(rungs, learner, 1) for _, u in rung.updaters]


def test_rungs_with_a_circuit_run_on_the_accelerator(toy, learner) -> None:
    ladder = 'bank,recalibration,frozen,head@64,bit_flips+integer_sgd'
    assert kinds_of(ladder, toy, learner) == [
        AcceleratedRecalibration,
        Frozen,
        AcceleratedRowEs,
        AcceleratedBitFlips,
        IntegerSgd,  # a head of bits has no multipliers
    ]


def test_levels_have_other_circuits(levels) -> None:
    learner = Learner(levels.network, levels.weights, LEVEL_LANES)
    ladder = 'recalibration,bit_flips+integer_sgd'
    assert kinds_of(ladder, levels, learner) == [Recalibration, BitFlips, AcceleratedSgd]


def test_a_ladder_without_a_circuit_is_refused(toy, learner) -> None:
    rungs = ladder_from('bank,frozen,head', 'cwr_star', 1, toy.network)
    known = 'one of recalibration, row_es, bit_flips, got cwr_star, frozen'
    with pytest.raises(UsageError, match=known):
        accelerated(rungs, learner, 1)


def test_what_does_not_fit_on_chip_is_refused(toy, learner) -> None:
    images = np.zeros((MAX_SAMPLES + 1, *toy.network.input_shape), np.uint8)
    with pytest.raises(UsageError, match=f'holds {MAX_SAMPLES} samples, got {MAX_SAMPLES + 1}'):
        learner.capture(toy.weights, images, np.zeros(len(images), np.int64))
    with pytest.raises(UsageError, match=f'holds {MAX_FLIP_SAMPLES} frames to flip by'):
        learner.flip(toy.weights, 1, images, np.zeros(len(images), np.int64), 1, 1)
    wanted = np.zeros(256, np.int64)
    with pytest.raises(UsageError, match=rf'1\.\.{MAX_WINDOW} frames'):
        learner.rate_thresholds(toy.weights, images, wanted)


def test_no_frames_are_refused(toy, learner) -> None:
    none = Samples(np.zeros((0, *toy.network.input_shape), np.uint8), np.zeros(0, np.int64))
    with pytest.raises(UsageError, match='got none'):
        improved(AcceleratedRecalibration(learner), toy, toy.weights, none)
