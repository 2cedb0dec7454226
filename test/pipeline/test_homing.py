"""Where adapted weights run and nobody alarms, the trained ones are asked now and then."""

from __future__ import annotations

from collections.abc import Callable
import errno
from pathlib import Path

from edge_adapt.corruptions import corrupt_all
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.decisions import Decision, ROLLBACK, TRIAL
from edge_adapt.pipeline.homing import fall_back
from edge_adapt.pipeline.ladder import LOOK_UP
from edge_adapt.records import Detection, Samples
from edge_adapt.store.files import Files
import numpy as np
import pytest

Make = Callable[..., Adaptation]
Show = Callable[..., list[Decision]]
ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)


def adapted(adaptation: Make, show: Show, folder: Path, pool: Samples) -> Adaptation:
    """Return a path that learned contrast and confirmed it."""
    path = adaptation(folder)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    assert decisions[-1].rung == TRIAL
    assert path.weights.version != path.model.weights.version
    return path


def test_a_return_that_nobody_alarms_of_is_found(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adapted(adaptation, show, tmp_path, pool)
    decisions = show(path, pool)
    assert [d.rung for d in decisions] == [LOOK_UP, TRIAL]
    assert decisions[0].reason.startswith('the trained weights answer better again')
    assert path.weights.version == path.model.weights.version


def test_where_adapted_weights_are_better_nothing_is_said(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adapted(adaptation, show, tmp_path, pool)
    assert show(path, pool, 'contrast') == []
    assert path.weights.version != path.model.weights.version


def test_frames_of_one_class_are_no_way_home(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adapted(adaptation, show, tmp_path, pool)
    ones = pool.take(pool.labels == 1)
    assert show(path, ones.take(np.arange(200) % len(ones))) == []


def test_after_an_undone_trial_the_trained_weights_run_where_nothing_else_is_proved(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adapted(adaptation, show, tmp_path, pool)
    decision = fall_back(path.tools, path._history.calm, pool.take(np.arange(96)))
    assert decision is not None
    assert decision.rung == ROLLBACK
    assert path.weights.version == path.store.state.running == path.model.weights.version
    assert path.tools.in_use.trial is None


def test_after_an_undone_trial_weights_that_are_proved_here_stay(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adapted(adaptation, show, tmp_path, pool)
    frames = pool.take(np.arange(96))
    harmed = Samples(corrupt_all(frames.images, 'contrast'), frames.labels)
    assert fall_back(path.tools, path._history.calm, harmed) is None
    assert path.weights.version != path.model.weights.version


def test_a_full_disk_puts_the_fall_back_off(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = adapted(adaptation, show, tmp_path, pool)
    path._undone = pool.take(np.arange(96))
    with monkeypatch.context() as full:
        full.setattr(Files, 'sync', raise_no_space)
        with pytest.raises(UsageError, match='No space left'):
            path.step()
    assert path.weights.version != path.model.weights.version
    decision = path.step()
    assert decision is not None
    assert decision.rung == ROLLBACK
    assert path.weights.version == path.store.state.running == path.model.weights.version


def raise_no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, 'No space left on device')
