"""The learning path: an alarm sets it going, and what it decides holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Detection, Samples
import numpy as np
import pytest

Make = Callable[..., Adaptation]
Show = Callable[..., list[Decision]]
ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)


def test_nothing_is_done_without_an_alarm(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    assert show(path, pool, 'contrast') == []
    assert path.state == 'watching'


def test_climbs_from_look_up_to_recalibration_and_confirms_it(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
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


def test_a_known_domain_comes_back_by_a_look_up(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
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


def test_a_frozen_robot_looks_but_changes_nothing(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    path.frozen = True
    path.on_drift(ALARM)
    assert show(path, pool, 'contrast') == []
    assert path.state == 'frozen'


def test_a_restart_runs_what_was_confirmed(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool, 'contrast')
    assert adaptation(tmp_path).weights.version == path.weights.version


@pytest.mark.parametrize('by_ns', [-(10**12), 10**12])
def test_a_clock_that_jumps_ends_the_episode_without_retraining(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples, by_ns: int
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
