"""Weights change while frames stream: every answer is whole, and its version is known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
import threading
from typing import Any

from edge_adapt.networks.model import Model
from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
from edge_adapt.parameters import NODES
from edge_adapt.pipeline.assembly import inference_from
from edge_adapt.records import Frame, Weights
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.intake import Intake
import numpy as np
import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes.inference import Inference  # noqa: E402
from rclpy.node import Node  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import UInt8MultiArray  # noqa: E402
from vision_msgs.msg import Classification, VisionInfo  # noqa: E402

MODEL = Model.load('digits')
N_VERSIONS, N_FRAMES = 12, 12
CARD = np.random.default_rng(3).integers(0, 256, (240, 320, 3), dtype=np.uint8)


def version(i: int) -> Weights:
    """Return weights whose bias and scale both show in the scores: a mixture would be seen."""
    rng, head = np.random.default_rng(i), MODEL.network.head.name
    bias = rng.integers(-9, 9, MODEL.network.head.n_classes).astype(np.int32)
    scale = MODEL.weights[f'{head}.scale'] * np.float32(rng.uniform(0.5, 1.5))
    return MODEL.weights.replace({f'{head}.bias': bias, f'{head}.scale': scale})


def scores_by(versions: list[Weights]) -> dict[str, dict[str, float]]:
    """Return the scores that each version gives the card, computed without a node."""
    pipeline = inference_from({p.name: p.default for p in NODES['inference']}.__getitem__)
    names, scores = MODEL.network.class_names, {}
    for weights in versions:
        pipeline.use(weights)
        message = convert.classification_from(pipeline.on_frame(Frame(CARD, 1)).prediction, names)
        scores[weights.version] = {r.class_id: r.score for r in message.results}
    return scores


class Peer(Node):
    """A camera, a fleet that sends weights, and who writes down what comes of both."""

    def __init__(self) -> None:
        super().__init__('peer')
        self.results: list[Classification] = []
        self.told: list[VisionInfo] = []
        self.images = self.create_publisher(Image, 'image_raw', image_qos(reliable=True))
        self.weights = self.create_publisher(UInt8MultiArray, 'weights', LATCHED)
        self.create_subscription(Classification, 'classification', self.results.append, RELIABLE)
        self.create_subscription(VisionInfo, 'model', self.told.append, LATCHED)

    def hears(self, node: Inference) -> bool:
        """Whether both have found each other."""
        return bool(
            self.told
            and self.images.get_subscription_count()
            and self.weights.get_subscription_count()
            and node._classification.get_subscription_count()
        )


def test_every_answer_is_by_the_version_that_was_told_and_by_no_mixture(
    start: Callable[..., Any],
) -> None:
    arguments = ('allow_unsigned:=true', 'max_updates_hz:=1000.0')
    with start(*(word for argument in arguments for word in ('-p', argument))) as graph:
        node, peer = graph.add(Inference()), graph.add(Peer())
        assert node.start()
        graph.wait(lambda: peer.hears(node), 'discovery')
        versions = [MODEL.weights, *(version(i) for i in range(1, N_VERSIONS))]
        stamp = convert.stamp_ns(peer.told[0].header.stamp)
        sent = []
        for i, weights in enumerate(versions):
            update = WeightUpdate.between(MODEL, weights, i + 1, 1)
            peer.weights.publish(convert.bytes_message(update.encode()))
            for _ in range(N_FRAMES):  # the swap comes somewhere among them
                stamp += 1_000_000
                sent.append(stamp)
                peer.images.publish(convert.image_from(CARD, stamp, 'camera'))
                graph.wait(lambda: len(peer.results) == len(sent), 'the answer')
            graph.wait(lambda wanted=weights.version: node.version == wanted, 'the swap')
        graph.wait(lambda: len(peer.told) == N_VERSIONS, 'what runs')

    assert [convert.stamp_ns(result.header.stamp) for result in peer.results] == sent
    assert [info.database_location for info in peer.told] == [w.version for w in versions]
    since = [convert.stamp_ns(info.header.stamp) for info in peer.told]
    expected = scores_by(versions)
    for result in peer.results:
        told = peer.told[bisect_right(since, convert.stamp_ns(result.header.stamp)) - 1]
        scores = {hypothesis.class_id: hypothesis.score for hypothesis in result.results}
        assert scores == expected[told.database_location]


def test_frames_are_answered_while_weights_are_still_being_judged(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    judge = Intake.offer

    def slow(*arguments: Any) -> Any:
        begun.set()
        assert may_end.wait(60.0)
        return judge(*arguments)

    monkeypatch.setattr(Intake, 'offer', slow)
    with start('-p', 'allow_unsigned:=true') as graph:
        node, peer = graph.add(Inference()), graph.add(Peer())
        try:
            assert node.start()
            graph.wait(lambda: peer.hears(node), 'discovery')
            update = WeightUpdate.between(MODEL, version(1), 1, 1)
            peer.weights.publish(convert.bytes_message(update.encode()))
            graph.wait(begun.is_set, 'the judging')
            for i in range(N_FRAMES):
                peer.images.publish(convert.image_from(CARD, i + 1, 'camera'))
                graph.wait(lambda i=i: len(peer.results) == i + 1, 'the answer')
            assert node.version == MODEL.weights.version
            may_end.set()
            graph.wait(lambda: node.version == version(1).version, 'the swap')
        finally:
            may_end.set()
        counts = node.counts
    assert (counts.received, counts.processed, counts.dropped) == (N_FRAMES, N_FRAMES, 0)
