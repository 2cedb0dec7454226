"""kill -9 of any node at any moment: the others go on, and what was promoted last runs again."""

from __future__ import annotations

from pathlib import Path
import random
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

from edge_adapt.networks.model import Model  # noqa: E402
from edge_adapt.store.weight_store import WeightStore  # noqa: E402

CHANGING = ','.join(['clean:60,contrast:150,clean:60,dead:150'] * 200)


def kill_often(robot: Any, folder: Path, n_kills: int) -> list[float]:
    """Kill and start again; return the seconds from each new start to the first new result."""
    rng = random.Random(3)
    store = WeightStore(folder, Model.load('digits'))
    robot.start('inference', store=str(folder))
    robot.start('adaptation', store=str(folder))
    robot.start('camera', schedule=CHANGING, rate_hz=60.0)
    robot.wait_for_results()
    robot.respawn = True
    seconds = []
    for i in range(n_kills):
        robot.spin(rng.random())
        name = rng.choice(['inference', 'adaptation', 'camera'])
        before = store.state
        robot.kill(name)
        others = {'inference', 'adaptation', 'camera'} - {name}
        assert all(robot.is_alive(other) for other in others)
        if name == 'adaptation':
            robot.wait_for_results(5)
        boot = WeightStore(folder, Model.load('digits'))
        assert boot.state.number >= before.number
        assert boot.running_weights().version == boot.running
        assert (boot.n_skipped, boot.problems) == (0, {})
        robot.observer.versions.clear()
        robot.start(name, **({'seed': i} if name == 'camera' else {}))
        if name == 'inference':
            robot.wait(lambda: robot.observer.versions, 'the model')
            after = WeightStore(folder, Model.load('digits'))  # the other one went on learning
            states = (boot.state, after.state)
            known = {boot.base, *(e.version for state in states for e in state.versions)}
            assert robot.observer.versions[0] in known
        seconds.append(robot.wait_for_results())
        robot.wait(lambda: not list(store.folder.glob('*.tmp')), 'the end of half files')
    return seconds


def test_a_killed_node_comes_back_and_the_others_go_on(robot: Any, tmp_path: Path, report: Any):
    seconds = kill_often(robot, tmp_path, 4)
    report('kill -9 of a node', 4, 4, resume_s_max=max(seconds), hung=robot.n_respawns)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_200_kills(robot: Any, tmp_path: Path, report: Any):
    seconds = np.array(kill_often(robot, tmp_path, 200))
    held = int((seconds <= 2.0).sum())
    p50, most = float(np.median(seconds)), float(seconds.max())
    figures = {'resume_s_p50': p50, 'resume_s_max': most, 'hung': robot.n_respawns}
    report('kill -9 of a node', 200, held, **figures)
