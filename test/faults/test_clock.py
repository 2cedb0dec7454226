"""Clocks that are set, stand still or start again: no alarm, no retraining, no lost results."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

from edge_adapt import registry  # noqa: E402
from edge_adapt.nodes import convert  # noqa: E402

PERIOD_NS = 33_000_000
HOUR_NS = 3_600 * 10**9
START_NS = 10**18
MOVES = {
    'backwards': lambda i: START_NS - HOUR_NS + i * PERIOD_NS,
    'forwards': lambda i: START_NS + HOUR_NS + i * PERIOD_NS,
    'paused': lambda i: START_NS + HOUR_NS,
    'a bag that loops': lambda i: START_NS + i % 40 * PERIOD_NS,
}


def show(robot: Any, n_frames: int) -> None:
    stream = registry.load('streams', 'digits')(schedule=f'clean:{n_frames * 5}', seed=1)
    robot.start('inference', image_reliable=True)
    robot.start('adaptation', image_reliable=True)
    robot.wait(lambda: robot.observer.images.get_subscription_count() == 2, 'discovery')
    frames = iter(range(len(stream)))
    robot.wait(lambda: robot.observer.versions, 'the model')
    for stamp_of in (lambda i: START_NS + i * PERIOD_NS, *MOVES.values()):
        for i in range(n_frames):
            image = stream[next(frames)].image
            before = robot.observer.n_results
            robot.observer.images.publish(convert.image_from(image, stamp_of(i), 'camera'))
            robot.wait(lambda n=before: robot.observer.n_results > n, 'a result')
    robot.observer.learning.clear()
    robot.wait(lambda: robot.observer.learning, 'diagnostics')
    assert robot.observer.n_drifts == 0
    assert robot.observer.learning['decisions'] == '0'
    assert len(robot.observer.versions) == 1


def test_clock_jumps_change_nothing(robot: Any, report: Any):
    show(robot, 100)
    report('clock backwards, forwards, paused, looping', len(MOVES), len(MOVES))
