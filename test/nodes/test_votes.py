"""Votes over DDS: beside the answers, over the tracks a tracker tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes import convert  # noqa: E402
from edge_adapt.nodes._qos import image_qos, RELIABLE  # noqa: E402
from edge_adapt.nodes.inference import Inference  # noqa: E402
import numpy as np  # noqa: E402
from rclpy.node import Node  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from vision_msgs.msg import Classification  # noqa: E402


def test_a_track_is_voted_on_and_ends_where_the_tracker_says(start: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 128, 128), np.uint8)
    with start('-p', 'vote_frames:=5', '-p', 'tracks:=told') as graph:
        node, peer = graph.add(Inference()), graph.add(Node('peer'))
        assert node.start()
        answers: list[Classification] = []
        votes: list[Classification] = []
        peer.create_subscription(Classification, 'classification', answers.append, RELIABLE)
        peer.create_subscription(Classification, 'voted', votes.append, RELIABLE)
        camera = peer.create_publisher(Image, 'image_raw', image_qos(reliable=True))
        tracker = peer.create_publisher(Header, 'track', RELIABLE)
        topics = [camera, tracker]
        graph.wait(lambda: all(t.get_subscription_count() for t in topics), 'discovery')
        graph.wait(lambda: node._classification.get_subscription_count(), 'discovery')
        graph.wait(lambda: node._votes._voted.get_subscription_count(), 'discovery')
        for i, image in enumerate(images):
            stamp_ns = (i + 1) * 10**8
            if i in (0, 3):
                tracker.publish(convert.header(stamp_ns, f'object {i}'))
                graph.wait(lambda at=stamp_ns: node._votes._since_ns == at, 'the track')
            camera.publish(convert.image_from(image, stamp_ns, 'camera'))
            graph.wait(lambda n=i: len(votes) > n and len(answers) > n, 'the answer')

    def scores(message: Classification) -> np.ndarray:
        return np.array([r.score for r in sorted(message.results, key=lambda r: r.class_id)])

    for first in (0, 3):
        np.testing.assert_allclose(scores(votes[first]), scores(answers[first]), atol=1e-4)
        logs = [np.log(np.maximum(scores(a), 1e-6)) for a in answers[first : first + 3]]
        mean = np.exp(np.mean(logs, axis=0))
        np.testing.assert_allclose(scores(votes[first + 2]), mean / mean.sum(), atol=1e-4)
