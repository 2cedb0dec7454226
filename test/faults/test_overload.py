"""Twice as many frames as can be answered: the newest are, the rest are counted."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

from edge_adapt.nodes import convert  # noqa: E402

GOOD = np.full((240, 320), 100, np.uint8)


def overload(robot: Any, seconds: float) -> dict[str, float]:
    robot.start('inference', image_reliable=True)
    robot.wait(lambda: robot.observer.images.get_subscription_count(), 'discovery')

    told_ms: list[float] = []  # the 99th percentile of the node's last 1,000 frames, each second

    def send(duration_s: float, period_s: float) -> int:
        """Publish at a rate; return how many were sent."""
        n_sent, start = 0, time.monotonic()
        while time.monotonic() - start < duration_s:
            message = convert.image_from(GOOD, time.time_ns(), 'camera')
            robot.observer.images.publish(message)
            n_sent += 1
            p99_ms = float(robot.observer.input.get('latency_p99_ms', 'nan'))
            if p99_ms not in told_ms[-1:]:
                told_ms.append(p99_ms)
            robot.spin(max(0.0, start + n_sent * period_s - time.monotonic()))
        return n_sent

    # One in flight at a time: what the node can sustain.
    start = time.monotonic()
    for _ in range(50):
        stamp = time.time_ns()
        robot.observer.images.publish(convert.image_from(GOOD, stamp, 'camera'))
        robot.wait(lambda stamp=stamp: robot.observer.latest_stamp_ns == stamp, 'a result')
    period_s = (time.monotonic() - start) / 50
    robot.spin(1.0)
    memory = robot.resident_kib('inference')
    robot.observer.ages_ms.clear()
    n_sent = send(seconds, period_s / 2)
    robot.spin(0.5)
    robot.observer.input.clear()
    robot.wait(lambda: robot.observer.input, 'the counters')
    ages = np.array(robot.observer.ages_ms)
    counts = {
        name: int(robot.observer.input[name])
        for name in ('processed', 'dropped', 'rejected', 'in_hand')
    }
    # What the middleware's queue of one lost never reached the node; the rest is exact.
    received = int(robot.observer.input['received'])
    assert sum(counts.values()) == received <= n_sent + 50
    assert counts['in_hand'] == counts['rejected'] == 0
    assert counts['processed'] == len(ages) + 50
    assert robot.is_alive('inference')
    return {
        'sent': n_sent,
        'received': received - 50,
        'answered': len(ages),
        'bound_ms': 2e3 * period_s,
        'age_ms_p50': float(np.percentile(ages, 50)),
        'age_ms_p99': float(np.percentile(ages, 99)),
        # Both processes are busy: what waits in the observer is no age of the node's answers.
        'age_ms_p99_when_published': float(np.median(told_ms[1:] or told_ms)),
        'grown_KiB': robot.resident_kib('inference') - memory,
    }


def test_every_frame_is_accounted_for(robot: Any, report: Any):
    figures = overload(robot, 4.0)
    report('overload at twice the sustainable rate', 1, 1, **figures)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_frame_is_accounted_for_in_a_minute(robot: Any, report: Any):
    figures = overload(robot, 60.0)
    held = int(figures['age_ms_p99_when_published'] <= figures['bound_ms'])
    report('overload at twice the sustainable rate', 1, held, **figures)
