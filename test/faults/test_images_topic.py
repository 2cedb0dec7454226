"""Malformed and hostile images: counted, passed over, and the next good frame is answered."""

from __future__ import annotations

from array import array
import random
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

from edge_adapt import encodings  # noqa: E402
from edge_adapt.nodes import convert  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

GOOD = np.full((240, 320), 100, np.uint8)
SIZES = (0, 1, 2, 3, 7, 239, 240, 320, 65_535, 2**31, 2**32 - 1)


def hostile(rng: random.Random) -> Image:
    """Return an image message with one to four fields that lie."""
    message = convert.image_from(GOOD, 1, 'hostile')
    for field in rng.sample(['height', 'width', 'step', 'encoding', 'data', 'is_bigendian'], 4):
        match field:
            case 'height' | 'width' | 'step' if rng.random() < 0.5:
                setattr(message, field, rng.choice(SIZES))
            case 'encoding' if rng.random() < 0.5:
                choices = (*encodings.ENCODINGS, '', 'x' * 300, '16UC1', 'rgb9', '\0')
                message.encoding = rng.choice(choices)
            case 'data' if rng.random() < 0.5:
                message.data = array('B', rng.randbytes(rng.choice([0, 1, 100, 4096])))
            case 'is_bigendian' if rng.random() < 0.2:
                message.is_bigendian = rng.randrange(256)
    return message


def throw(robot: Any, n_images: int) -> dict[str, float]:
    robot.start('inference', image_reliable=True)
    robot.wait(lambda: robot.observer.images.get_subscription_count(), 'discovery')
    rng = random.Random(2)
    stamp_ns, n_good = 10**18, 0

    def good_frame_is_answered() -> None:
        nonlocal stamp_ns, n_good
        stamp_ns += 33_000_000
        while robot.observer.latest_stamp_ns != stamp_ns:  # a queue of one may lose it to a burst
            n_good += 1
            assert n_good <= 3 * (n_images // 50 + 2)
            robot.observer.images.publish(convert.image_from(GOOD, stamp_ns, 'camera'))
            robot.spin(0.2)

    good_frame_is_answered()
    memory = robot.resident_kib('inference')
    for i in range(n_images):
        robot.observer.images.publish(hostile(rng))
        robot.spin(0.004)  # so that most of them find the queue of one empty
        if i % 50 == 49:
            good_frame_is_answered()
    good_frame_is_answered()
    assert robot.is_alive('inference')
    robot.observer.input.clear()
    robot.wait(lambda: robot.observer.input, 'the counters')
    counts = {
        name: int(robot.observer.input[name])
        for name in ('received', 'processed', 'dropped', 'rejected', 'in_hand')
    }
    assert counts['received'] == sum(counts.values()) - counts['received']
    assert 0 < counts['rejected'] <= counts['received'] <= n_images + n_good
    return {
        'reached': counts['received'] - n_good,
        'rejected': counts['rejected'],
        'grown_KiB': robot.resident_kib('inference') - memory,
    }


def tell(report: Any, figures: dict[str, float]) -> None:
    """Report what reached the node: a burst loses the rest on the way."""
    n_reached = int(figures.pop('reached'))
    report('hostile image messages', n_reached, n_reached, **figures)


def test_the_next_good_frame_is_answered(robot: Any, report: Any):
    tell(report, throw(robot, 300))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_next_good_frame_is_answered_after_100_000(robot: Any, report: Any):
    tell(report, throw(robot, 100_000))
