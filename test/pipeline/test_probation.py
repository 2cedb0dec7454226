"""What was promoted is judged again, and gives way where it proves worse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Detection, Samples
import numpy as np

Make = Callable[..., Adaptation]
Show = Callable[..., list[Decision]]
ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)


def test_what_proves_worse_on_trial_is_rolled_back(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool.take(np.arange(96)), 'contrast')
    assert path.state == 'on trial'
    decisions = show(path, pool)  # the world is clean again before the trial has ended
    assert (decisions[0].rung, decisions[0].accepted) == ('rollback', True)
    assert path.weights.version == path.model.weights.version


def test_a_person_can_order_the_version_before_this_one(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool, 'contrast')
    decision = path.roll_back('ordered by a person')
    assert decision.candidate == path.weights.version == path.model.weights.version


def test_a_proof_that_was_luck_does_not_hold_on_trial(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool.take(np.arange(96)), 'contrast')
    assert path.state == 'on trial'
    episode = path._episode
    assert episode is not None
    object.__setattr__(episode.calm, 'mean_entropy', -1.0)  # nobody can be as sure as that
    decisions = show(path, pool.take(np.arange(96, 160)), 'contrast')
    assert decisions[0].rung == 'rollback'
    assert decisions[0].reason.startswith('the proof did not hold on trial: doubt')


def test_what_is_confirmed_already_comes_back_without_a_trial(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool.take(np.arange(96)), 'contrast')
    path.on_drift(ALARM)  # before the trial has ended: the clean world is back
    [decision] = show(path, pool.take(np.arange(200)))
    assert decision.reason == 'back in a known domain'
    assert path.weights.version == path.model.weights.version
    assert path.state == 'watching'
