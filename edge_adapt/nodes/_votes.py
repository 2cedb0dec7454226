"""What a track says, beside what its last frame says: the output option of the inference node."""

from __future__ import annotations

from dataclasses import replace
import zlib

from edge_adapt.nodes import convert
from edge_adapt.nodes._lifecycle import EdgeNode
from edge_adapt.nodes._qos import RELIABLE
from edge_adapt.pipeline.assembly import voting_from
from edge_adapt.pipeline.inference import Inference, Result
from edge_adapt.records import Frame, U8, UNKNOWN
from std_msgs.msg import Header
from vision_msgs.msg import Classification


class Votes:
    """
    Publishes on `voted` where the parameters ask for it.

    A tracker tells on `track` which object is seen from a stamp on: the `frame_id` is its name,
    none where it is empty.
    """

    def __init__(self, node: EdgeNode) -> None:
        self._node, self._voting = node, voting_from(node.parameter)
        self._since_ns, self._track = 0, UNKNOWN
        self._voted = node.create_publisher(Classification, 'voted', RELIABLE)

    def open(self) -> None:
        """Begin to listen to the tracker."""
        self._node.create_subscription(Header, 'track', self._on_track, RELIABLE)

    def tell(self, frame: Frame, image: U8, result: Result, pipeline: Inference) -> None:
        """Publish the answer of the frame's track."""
        if self._voting is None:
            return
        track = self._track if frame.stamp_ns >= self._since_ns else UNKNOWN
        voted = self._voting(
            *(replace(frame, track=track), image, result.prediction, pipeline.weights)
        )
        self._voted.publish(convert.classification_from(voted, result.class_names))

    def _on_track(self, message: Header) -> None:
        self._since_ns = convert.stamp_ns(message.stamp)
        name = message.frame_id
        self._track = zlib.crc32(name.encode()) if name else UNKNOWN
