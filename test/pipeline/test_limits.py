"""Whatever the gate says: not too often, and not too far."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.limits import Limits
from edge_adapt.records import Detection, Samples
import numpy as np

Make = Callable[..., Adaptation]
Show = Callable[..., list[Decision]]
ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)


def test_no_more_updates_an_hour_than_allowed(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
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


def test_a_step_too_large_is_refused(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    path.tools.limits = Limits(max_step=0.01)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    assert not decisions[1].accepted
    assert 'at most 0.01 is allowed' in decisions[1].reason
