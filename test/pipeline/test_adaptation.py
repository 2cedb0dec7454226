"""The learning path: what is promoted was proved, and what was promoted is judged again."""

from __future__ import annotations

from collections.abc import Iterator
import errno
from pathlib import Path

from edge_adapt import registry
from edge_adapt.corruptions import corrupt
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.assembly import reference_of
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.inference import Inference
from edge_adapt.pipeline.ladder import ladder_from, Rung
from edge_adapt.pipeline.limits import Limits
from edge_adapt.records import Detection, Samples, Weights
from edge_adapt.store.files import Files
from edge_adapt.store.weight_store import WeightStore
from edge_adapt.updaters import Objective
from edge_adapt.updaters.frozen import Frozen
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np
import pytest

LOOK_UP_RUNG = Rung('bank', n_frames=16)
ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)


class Ruin(Frozen):
    """An updater that makes everything worse: all thresholds out of reach."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        last = objective.network.thresholds[-1].name
        tensor = weights[f'{last}.thresholds']
        yield weights.replace({f'{last}.thresholds': np.full_like(tensor, 10**6)})


@pytest.fixture(scope='module')
def pool() -> Samples:
    """Digits that the network was not trained on, in mixed order."""
    model = Model.load('digits')
    samples = registry.load('streams', 'digits').pool('adapt').samples(model.network.input_shape)
    return samples.take(np.random.default_rng(0).permutation(len(samples)))


def adaptation(folder: Path, *rungs: Rung) -> Adaptation:
    """Return a learning path that recalibrates, or climbs the rungs given."""
    model = Model.load('digits')
    return Adaptation(
        WeightStore(folder, model),
        registry.load('engines', 'popcount')(),
        reference_of('digits', model),
        rungs or (LOOK_UP_RUNG, Rung('recalibration', (('recalibration', Recalibration()),))),
        Gate(),
        clock_ns=lambda: 0,
    )


def show(path: Adaptation, samples: Samples, domain: str = 'clean') -> list[Decision]:
    """Let frames come in and return the decisions taken; frames are numbered by their stamps."""
    decisions = []
    for i, image in enumerate(samples.images):
        path.on_frame(i, image if domain == 'clean' else corrupt(image, domain))
        decision = path.step()
        if decision is not None:
            decisions.append(decision)
    return decisions


def test_nothing_is_done_without_an_alarm(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    assert show(path, pool, 'contrast') == []
    assert path.state == 'watching'


def test_climbs_from_look_up_to_recalibration_and_confirms_it(
    tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    assert [(d.rung, d.accepted) for d in decisions] == [
        ('bank', False),
        ('recalibration', True),
        ('trial', True),
    ]
    assert decisions[1].base == path.model.weights.version
    assert decisions[1].candidate == path.weights.version


def test_a_known_domain_comes_back_by_a_look_up(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool, 'contrast')
    adapted = path.weights.version
    path.on_drift(ALARM)
    show(path, pool)
    assert path.weights.version == path.model.weights.version
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    assert decisions[0].rung == 'bank'
    assert path.weights.version == adapted


def test_a_candidate_that_is_worse_is_refused(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path, LOOK_UP_RUNG, Rung('ruin', (('ruin', Ruin()),)))
    show(path, pool.take(np.arange(64)))
    before = path.model.network.thresholds[-1].name
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    assert [(d.rung, d.accepted) for d in decisions][1:] == [('ruin', False), ('domain', True)]
    np.testing.assert_array_equal(
        path.weights[f'{before}.thresholds'], path.model.weights[f'{before}.thresholds']
    )


def test_what_proves_worse_on_trial_is_rolled_back(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool.take(np.arange(96)), 'contrast')
    assert path.state == 'on trial'
    decisions = show(path, pool)  # the world is clean again before the trial has ended
    assert (decisions[0].rung, decisions[0].accepted) == ('rollback', True)
    assert path.weights.version == path.model.weights.version


def test_frames_of_one_single_class_change_no_weights(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    ones = pool.take(pool.labels == 1)
    ones = ones.take(np.arange(160) % len(ones))
    show(path, ones)
    path.on_drift(ALARM)
    decisions = show(path, ones, 'contrast')
    assert decisions[1].reason == (
        'the stream showed 1.0 classes before the change, without labels 5.0 are needed'
    )
    last = path.model.network.thresholds[-1].name
    np.testing.assert_array_equal(
        path.weights[f'{last}.thresholds'], path.model.weights[f'{last}.thresholds']
    )


@pytest.mark.parametrize('label', [1, 3, 8])
@pytest.mark.parametrize('domain', ['contrast', 'low_contrast'])
def test_one_single_class_after_a_mixture_changes_no_weights(
    tmp_path: Path, pool: Samples, label: int, domain: str
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    rng, cards = np.random.default_rng(0), np.flatnonzero(pool.labels == label)
    only = pool.take(rng.choice(cards, 160))
    decisions = show(path, only, domain)
    assert [d.accepted for d in decisions if d.rung == 'recalibration'] == [False]
    last = path.model.network.thresholds[-1].name
    np.testing.assert_array_equal(
        path.weights[f'{last}.thresholds'], path.model.weights[f'{last}.thresholds']
    )


def test_a_frozen_robot_looks_but_changes_nothing(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    path.frozen = True
    path.on_drift(ALARM)
    assert show(path, pool, 'contrast') == []
    assert path.state == 'frozen'


def test_a_restart_runs_what_was_confirmed(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool, 'contrast')
    assert adaptation(tmp_path).weights.version == path.weights.version


def test_a_person_can_order_the_version_before_this_one(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool, 'contrast')
    decision = path.roll_back('ordered by a person')
    assert decision.candidate == path.weights.version == path.model.weights.version


@pytest.mark.parametrize('by_ns', [-(10**12), 10**12])
def test_a_clock_that_jumps_ends_the_episode_without_retraining(
    tmp_path: Path, pool: Samples, by_ns: int
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool.take(np.arange(64, 128)), 'contrast')
    path.on_frame(by_ns, pool.images[0])
    assert path.state == 'watching'
    decisions = []
    for i, image in enumerate(pool.images):
        path.on_frame(by_ns + i, image)
        decisions.append(path.step())
    assert not any(decisions)
    assert path.weights == path.model.weights


class FullDisk(Files):
    """A disk that can be full."""

    is_full = False

    def write(self, path: Path, data: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, 'No space left on device')
        super().write(path, data)


def test_what_a_full_disk_refused_is_done_again(tmp_path: Path, pool: Samples) -> None:
    path, disk = adaptation(tmp_path), FullDisk()
    path.store._files = disk
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    disk.is_full = True
    with pytest.raises(UsageError, match='No space left on device'):
        show(path, pool, 'contrast')
    assert path.weights == path.model.weights
    disk.is_full = False
    decision = path.step()
    assert decision is not None
    assert (decision.rung, decision.accepted) == ('recalibration', True)


def test_on_an_inverted_camera_the_searched_transform_wins(tmp_path: Path, pool: Samples) -> None:
    model = Model.load('digits')
    rungs = ladder_from('recalibration+transform_search@96', 'row_es', 0, model.network)
    path = adaptation(tmp_path, *rungs)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    test = pool.take(np.arange(200, 397))
    decisions = show(path, pool.take(np.arange(200)), 'invert')
    assert [(d.rung, d.accepted) for d in decisions[:1]] == [('transform_search', True)]
    assert 'front_end.levels' in path.weights
    assert accuracy(path, test, 'invert') > 0.9  # recalibration alone: below a tenth


def test_the_front_end_is_applied_kept_and_taken_back(tmp_path: Path, pool: Samples) -> None:
    rungs = ladder_from('transform_search@96', 'row_es', 0, Model.load('digits').network)
    path = adaptation(tmp_path, *rungs)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool.take(np.arange(200)), 'invert')
    again = adaptation(tmp_path, *rungs)
    assert 'front_end.levels' in again.weights
    fast = Inference(again.model, registry.load('engines', 'popcount')())
    fast.use(again.weights)
    inverted = np.stack([corrupt(image, 'invert') for image in pool.images[200:]])
    assert np.mean(fast.classes_of(inverted) == pool.labels[200:]) > 0.9
    again.roll_back('ordered by a person')
    assert 'front_end.levels' not in again.weights


def test_no_more_updates_an_hour_than_allowed(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    path.tools.limits = Limits(max_updates_per_hour=1)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool, 'contrast')
    path.on_drift(ALARM)
    decisions = show(path, pool, 'noise')
    assert [d.reason for d in decisions][1:] == ['no more than 1 updates an hour are allowed']
    hour_ns = 3600 * 10**9
    path.tools.recorder.now_ns = 2 * hour_ns
    decision = path.step()
    assert decision is not None
    assert decision.rung == 'recalibration'


def test_a_step_too_large_is_refused(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    path.tools.limits = Limits(max_step=0.01)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    assert not decisions[1].accepted
    assert 'at most 0.01 is allowed' in decisions[1].reason


def test_every_decision_is_one_line_of_the_journal(tmp_path: Path, pool: Samples) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    lines = [line['facts'] for line in path.store.journal() if line['event'] == 'decision']
    assert [line['rung'] for line in lines] == [d.rung for d in decisions]
    taken = decisions[1]
    assert lines[1] == taken.to_dict()
    assert taken.n_bytes > 0
    assert taken.n_evaluations > 0
    assert taken.after > taken.before


def accuracy(path: Adaptation, samples: Samples, domain: str) -> float:
    images = np.stack([corrupt(image, domain) for image in samples.images])
    answers = path.tools.objective.logits(path.weights, images).argmax(axis=1)
    return float(np.mean(answers == samples.labels))
