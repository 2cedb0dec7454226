"""A disk that takes no more bytes: inference goes on, learning pauses and resumes."""

from __future__ import annotations

from pathlib import Path
import resource
from typing import Any

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

from edge_adapt.networks.model import Model  # noqa: E402
from edge_adapt.store.weight_store import WeightStore  # noqa: E402

SCHEDULE = ','.join(['clean:150,contrast:400'] * 50)


def test_learning_pauses_and_resumes(robot: Any, tmp_path: Path, report: Any):
    store = WeightStore(tmp_path, Model.load('digits'))
    robot.start('inference', store=str(tmp_path))
    robot.start('adaptation', store=str(tmp_path))
    robot.wait(lambda: robot.observer.learning, 'diagnostics')
    # No file may grow any more: what a full disk looks like to one process.
    limits = resource.prlimit(robot.pid('adaptation'), resource.RLIMIT_FSIZE)
    resource.prlimit(robot.pid('adaptation'), resource.RLIMIT_FSIZE, (0, limits[1]))
    robot.start('camera', schedule=SCHEDULE, rate_hz=60.0)
    robot.wait(lambda: robot.observer.n_drifts, 'a drift')
    robot.wait(lambda: robot.observer.learning_level == b'\x02', 'the ERROR diagnostic')
    assert any('learning pauses' in line for line in robot.lines['adaptation'])
    robot.wait_for_results(60)
    assert store.running == store.base
    resource.prlimit(robot.pid('adaptation'), resource.RLIMIT_FSIZE, limits)
    robot.wait(lambda: store.running != store.base, 'learning to resume')
    robot.wait(lambda: robot.observer.learning_level == b'\0', 'the diagnostic to recover')
    assert robot.is_alive('adaptation')
    report('disk full', 1, 1)
