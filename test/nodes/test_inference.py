"""The inference node: bad images are counted and passed over, bad weights change nothing."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from edge_adapt.encodings import compress
from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
import numpy as np
import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes.inference import Inference  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest  # noqa: E402
from std_msgs.msg import UInt8MultiArray  # noqa: E402
from vision_msgs.msg import Classification, LabelInfo, VisionInfo  # noqa: E402

GOOD = np.full((240, 320, 3), 100, np.uint8)


def good(stamp_ns: int = 1_000_000_000) -> Image:
    return convert.image_from(GOOD, stamp_ns, 'camera')


def broken(**fields: Any) -> Image:
    message = good()
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def of_bytes(data: bytes, format_name: str = 'jpeg') -> CompressedImage:
    return CompressedImage(format=format_name, data=array('B', data))


JPEG = compress(GOOD)[1]
PNG = compress(GOOD, 'png')[1]
N_BYTES = 240 * 960
RAW = {
    'no data': broken(data=array('B')),
    'too little data': broken(data=array('B', bytes(100))),
    'one byte too few': broken(data=array('B', bytes(N_BYTES - 1))),
    'one byte too many': broken(data=array('B', bytes(N_BYTES + 1))),
    'step too small': broken(step=10),
    'step one too small': broken(step=959),
    'step one too large': broken(step=961),
    'step of zero': broken(step=0),
    'step too large': broken(step=2**31),
    'height of zero': broken(height=0),
    'width of zero': broken(width=0),
    'no size at all': broken(height=0, width=0, step=0, data=array('B')),
    'huge height': broken(height=2**32 - 1),
    'huge width': broken(width=2**32 - 1),
    'huge everything': broken(height=2**32 - 1, width=2**32 - 1, step=2**32 - 1),
    'unknown encoding': broken(encoding='rgb9'),
    'empty encoding': broken(encoding=''),
    'encoding in capitals': broken(encoding='RGB8'),
    'depth image': broken(encoding='16UC1'),
    'float image': broken(encoding='32FC1'),
    'signed image': broken(encoding='16SC1'),
    'rgba in the bytes of rgb': broken(encoding='rgba8'),
    'colours of 16 bits in the bytes of 8': broken(encoding='rgb16'),
    'odd width of pairs': broken(encoding='uyvy', width=319),
    'a pattern too narrow': broken(encoding='bayer_rggb8', width=2),
    'smaller than the region': convert.image_from(GOOD[:30, :30], 1_000_000_000, 'camera'),
}
COMPRESSED = {
    'no bytes': of_bytes(b''),
    'a picture of another kind': of_bytes(b'GIF89a' + bytes(50)),
    'a cut JPEG': of_bytes(JPEG[: len(JPEG) // 2]),
    'a JPEG without its end': of_bytes(JPEG[:-4]),
    'a cut PNG': of_bytes(PNG[: len(PNG) // 2]),
    'a PNG that lies about its size': of_bytes(PNG[:16] + b'\x7f\xff\xff\xff' * 2 + PNG[24:]),
    'depth': of_bytes(PNG, '16UC1; compressedDepth'),
    'noise that begins as a JPEG': of_bytes(b'\xff\xd8' + bytes(100) + b'\xff\xd9'),
}


class Peer(Node):
    """Publishes what a test wants and keeps what comes back."""

    def __init__(self) -> None:
        super().__init__('peer')
        self.results: list[Classification] = []
        self.info = self.create_publisher(CameraInfo, 'camera_info', image_qos(reliable=False))
        self.images = self.create_publisher(Image, 'image_raw', image_qos(reliable=False))
        self.compressed = self.create_publisher(
            CompressedImage, 'image_raw/compressed', image_qos(reliable=False)
        )
        self.weights = self.create_publisher(UInt8MultiArray, 'weights', LATCHED)
        self.create_subscription(Classification, 'classification', self.results.append, RELIABLE)

    def hears(self, node: Inference) -> bool:
        """Whether both have found each other."""
        images = self.images.get_subscription_count() + self.compressed.get_subscription_count()
        return bool(
            images
            and self.info.get_subscription_count()
            and self.weights.get_subscription_count()
            and node._classification.get_subscription_count()
        )


def pair(graph: Any) -> tuple[Any, Inference, Peer]:
    node, peer = graph.add(Inference()), graph.add(Peer())
    assert node.start()
    graph.wait(lambda: peer.hears(node), 'discovery')
    return graph, node, peer


@pytest.fixture(scope='module')
def of_file(start_file: Callable[..., Any]) -> Iterator[Any]:
    """Return an active inference node and its peer, who hear each other."""
    with start_file('-p', "region:='80,40,160,160'") as graph:
        yield pair(graph)


@pytest.fixture
def both(of_file: Any) -> Any:
    """Return the pair, with nothing received yet."""
    of_file[2].results.clear()
    return of_file


def test_answers_with_the_stamp_and_frame_of_the_image(both: Any) -> None:
    graph, _, peer = both
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')
    header = peer.results[0].header
    assert (header.stamp.sec, header.frame_id) == (1, 'camera')
    assert sum(result.score for result in peer.results[0].results) == pytest.approx(1.0, abs=1e-5)


def refused_then_answered(graph: Any, node: Any, peer: Any, send: Callable[[], None]) -> None:
    before = node.counts
    send()
    graph.wait(lambda: node.counts.rejected == before.rejected + 1, 'the rejection')
    assert not peer.results


@pytest.mark.parametrize('what', RAW)
def test_malformed_image_is_counted_and_the_next_one_is_answered(what: str, both: Any) -> None:
    graph, node, peer = both
    n_processed = node.counts.processed
    refused_then_answered(graph, node, peer, partial(peer.images.publish, RAW[what]))
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')
    graph.wait(lambda: node.counts.processed == n_processed + 1, 'the count')
    assert node.counts.add_up
    assert node.counts.dropped == node.counts.in_hand == 0


@pytest.mark.parametrize('data', [b'', b'EDGEADPT', bytes(1000)])
def test_weights_that_are_none_are_refused_and_the_running_ones_stay(
    data: bytes, both: Any
) -> None:
    graph, node, peer = both
    before, n_refused = node.version, sum(node.refusals.values())
    peer.weights.publish(convert.bytes_message(data))
    graph.wait(lambda: sum(node.refusals.values()) == n_refused + 1, 'the refusal')
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')
    assert node.version == before


def test_the_picture_is_drawn_only_while_somebody_looks(both: Any) -> None:
    graph, node, peer = both
    pictures: list[Image] = []
    look = peer.create_subscription(
        Image, 'inference/debug_image', pictures.append, image_qos(reliable=False)
    )
    graph.wait(lambda: node._picture.get_subscription_count(), 'discovery')
    peer.images.publish(good())
    graph.wait(lambda: pictures, 'a picture')
    assert (pictures[0].height, pictures[0].width) == (240, 320)
    assert pictures[0].header.stamp.sec == 1
    peer.destroy_subscription(look)
    graph.wait(lambda: not node._picture.get_subscription_count(), 'the farewell')


@pytest.mark.parametrize(('kind', 'topic'), [(LabelInfo, 'label_info'), (VisionInfo, 'model')])
def test_who_comes_late_is_told_what_runs(kind: Any, topic: str, both: Any) -> None:
    graph, node, peer = both
    told: list[Any] = []
    peer.create_subscription(kind, topic, told.append, LATCHED)
    graph.wait(lambda: told, 'the latched message')
    if kind is LabelInfo:
        assert [c.class_name for c in told[0].class_map] == list('0123456789')
    else:
        assert told[0].database_location == node.version


def test_the_region_moves_with_the_window_the_camera_reads(both: Any) -> None:
    graph, node, peer = both
    window = RegionOfInterest(x_offset=80, y_offset=40, width=160, height=160)
    peer.info.publish(CameraInfo(height=240, width=320, roi=window, binning_x=2, binning_y=2))
    graph.wait(lambda: node._input.region == (0, 0, 80, 80), 'the window')
    peer.info.publish(CameraInfo(height=240, width=320))
    graph.wait(lambda: node._input.region == (80, 40, 160, 160), 'the whole sensor')


def test_a_reliable_wish_that_a_best_effort_camera_cannot_grant_is_told_in_a_sentence(
    both: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    graph, node, peer = both
    said = []

    def told() -> bool:
        said.append(capfd.readouterr().err)
        return 'publisher peer is best effort, we ask for reliable' in ''.join(said)

    assert node.set_parameters([Parameter('image_reliable', value=True)])[0].successful
    graph.wait(told, 'the sentence')
    assert node.set_parameters([Parameter('image_reliable', value=False)])[0].successful
    graph.wait(lambda: peer.hears(node), 'discovery')
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')


def test_frames_that_stop_are_missed_and_those_that_come_back_are_told(both: Any) -> None:
    graph, node, peer = both
    node.set_parameters([Parameter('input_timeout_s', value=0.1)])
    peer.images.publish(good())
    graph.wait(lambda: peer.results, 'a result')
    graph.wait(lambda: node._watch.state == 'lost', 'the loss')
    peer.images.publish(good())
    graph.wait(lambda: node._watch.state == 'coming', 'the return')
    graph.wait(lambda: len(peer.results) == 2, 'the second result')


def test_compressed_images_are_answered_and_malformed_ones_counted(both: Any) -> None:
    graph, node, peer = both
    node.trigger_deactivate()
    node.trigger_cleanup()
    compressed = Parameter('image_transport', value='compressed')
    assert node.set_parameters([compressed])[0].successful
    assert node.start()
    graph.wait(lambda: peer.compressed.get_subscription_count() and peer.hears(node), 'discovery')
    for message in COMPRESSED.values():
        refused_then_answered(graph, node, peer, partial(peer.compressed.publish, message))
    peer.compressed.publish(convert.compressed_from(GOOD, 1_000_000_000, 'camera'))
    graph.wait(lambda: peer.results, 'a result')
    assert peer.results[0].header.frame_id == 'camera'
    assert node.counts.rejected == len(COMPRESSED)
