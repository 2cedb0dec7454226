"""The inference node: bad images are counted and passed over, bad weights change nothing."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
import numpy as np
import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes.inference import Inference  # noqa: E402
from rclpy.node import Node  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import UInt8MultiArray  # noqa: E402
from vision_msgs.msg import Classification  # noqa: E402

GOOD = np.full((240, 320, 3), 100, np.uint8)


def good() -> Image:
    return convert.image_from(GOOD, 1_000_000_000, 'camera')


def broken(**fields: Any) -> Image:
    message = good()
    for name, value in fields.items():
        setattr(message, name, value)
    return message


MALFORMED = {
    'no data': broken(data=array('B')),
    'too little data': broken(data=array('B', bytes(100))),
    'too much data': broken(data=array('B', bytes(240 * 960 + 1))),
    'step too small': broken(step=10),
    'step of zero': broken(step=0),
    'step too large': broken(step=2**31),
    'height of zero': broken(height=0),
    'width of zero': broken(width=0),
    'huge height': broken(height=2**31),
    'huge width': broken(width=2**31),
    'unknown encoding': broken(encoding='rgb9'),
    'empty encoding': broken(encoding=''),
    'depth image': broken(encoding='16UC1'),
    'float image': broken(encoding='32FC1'),
}


class Peer(Node):
    """Publishes what a test wants and keeps what comes back."""

    def __init__(self) -> None:
        super().__init__('peer')
        self.results: list[Classification] = []
        self.images = self.create_publisher(Image, 'image_raw', image_qos(reliable=False))
        self.weights = self.create_publisher(UInt8MultiArray, 'weights', LATCHED)
        self.create_subscription(Classification, 'classification', self.results.append, RELIABLE)


@pytest.fixture
def both(start: Callable[..., Any]) -> Any:
    """An active inference node and its peer, who hear each other."""
    with start('-p', "region:='80,40,160,160'") as graph:
        node, peer = graph.add(Inference()), graph.add(Peer())
        assert node.start()
        graph.wait(
            lambda: (
                peer.images.get_subscription_count()
                and peer.weights.get_subscription_count()
                and peer.count_publishers('classification')
            ),
            'discovery',
        )
        yield graph, node, peer


def test_answers_with_the_stamp_and_frame_of_the_image(both: Any) -> None:
    graph, _, peer = both
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')
    header = peer.results[0].header
    assert (header.stamp.sec, header.frame_id) == (1, 'camera')
    assert sum(result.score for result in peer.results[0].results) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize('what', MALFORMED)
def test_malformed_image_is_counted_and_the_next_one_is_answered(what: str, both: Any) -> None:
    graph, node, peer = both
    peer.images.publish(MALFORMED[what])
    graph.wait(lambda: node.counts.rejected == 1, 'the rejection')
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')
    assert node.counts.to_dict() == {
        'received': 2,
        'processed': 1,
        'dropped': 0,
        'rejected': 1,
        'in_hand': 0,
    }


@pytest.mark.parametrize('data', [b'', b'EDGEADPT', bytes(1000)])
def test_weights_that_are_none_are_refused_and_the_running_ones_stay(
    data: bytes, both: Any
) -> None:
    graph, node, peer = both
    before = node.version
    peer.weights.publish(convert.bytes_message(data))
    graph.wait(lambda: node.n_refused == 1, 'the refusal')
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')
    assert node.version == before
