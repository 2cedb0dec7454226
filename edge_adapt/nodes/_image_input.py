"""The images of a camera: raw or compressed, cut to the region, and told about where none come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.images import Region, seen_through, WHOLE
from edge_adapt.nodes import convert
from edge_adapt.nodes._lifecycle import EdgeNode
from edge_adapt.nodes._qos import image_qos, mismatch
from edge_adapt.pipeline.assembly import region_from
from edge_adapt.records import Frame
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import QoSPolicyKind
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

LIVE = ('image_reliable', 'image_deadline_s')
WARN_EVERY_S = 5.0
DEPTH = 5  # callbacks only store, so nothing ages here; fewer would lose frames uncounted
_POLICIES = (
    *(QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY),
    *(QoSPolicyKind.DURABILITY, QoSPolicyKind.DEADLINE),
)


class ImageInput:
    """
    Subscribes to the image topic and to the `camera_info` beside it, as image_transport does.

    `put` gets each message, in a callback. `region` is the part of the image to look at: the
    parameter is in pixels of the whole sensor, and moves with the window the camera reads.
    """

    def __init__(self, node: EdgeNode, put: Callable[[Any], None]) -> None:
        self._node, self._put = node, put
        self.wanted = region_from(node.parameter('region'))
        self._window, self._binning = WHOLE, (1, 1)
        self._subscriptions: list[Any] = []
        self._is_compressed = node.parameter('image_transport') == 'compressed'
        base = node.resolve_topic_name('image_raw')
        self.topic = f'{base}/compressed' if self._is_compressed else base
        self._info_topic = f'{base.rpartition("/")[0]}/camera_info'

    @property
    def region(self) -> Region:
        """Return what to look at in the images that come, in their own pixels."""
        return seen_through(self.wanted, self._window, self._binning)

    def open(self) -> None:
        """Begin to listen. Raises UsageError where the overrides of the QoS are not legal."""
        node = self._node
        qos = image_qos(
            node.parameter('image_reliable'), DEPTH, node.parameter('image_deadline_s')
        )
        events = SubscriptionEventCallbacks(incompatible_qos=lambda _: self._tell_mismatch(qos))
        if qos.deadline.nanoseconds:
            events.deadline = self._tell_late
        # Declaring them fixes the QoS for the node's life, so only where somebody asked for it.
        is_overridden = any(
            name.startswith('qos_overrides.') for name in node._parameter_overrides
        )
        overrides = QoSOverridingOptions(_POLICIES) if is_overridden else None
        try:
            images = node.create_subscription(
                CompressedImage if self._is_compressed else Image,
                self.topic if self._is_compressed else 'image_raw',
                self._put,
                qos,
                event_callbacks=events,
                qos_overriding_options=overrides,
            )
        except (InvalidQosOverridesError, RuntimeError, TypeError) as error:
            raise UsageError(f'qos_overrides of {self.topic}: {error}') from error
        info_qos = image_qos(node.parameter('image_reliable'))
        info = node.create_subscription(CameraInfo, self._info_topic, self._on_info, info_qos)
        self._subscriptions = [images, info]

    def close(self) -> None:
        """Stop listening."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()

    def reopen(self) -> None:
        """Listen with the parameters of now, if listening at all."""
        if self._subscriptions:
            self.close()
            self.open()

    def frame_from(self, message: Any) -> Frame:
        """Return the frame in a message; UsageError says what is wrong with it."""
        if self._is_compressed:
            return convert.frame_from_compressed(message)
        return convert.frame_from(message)

    def _on_info(self, message: CameraInfo) -> None:
        self._window, self._binning = convert.window_in(message)

    def _tell_mismatch(self, wanted: Any) -> None:
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        self._node.get_logger().warning(mismatch(self.topic, wanted, publishers))

    def _tell_late(self, event: Any) -> None:
        deadline_s = self._node.parameter('image_deadline_s')
        self._node.get_logger().warning(
            f'no frame on {self.topic} within {deadline_s:g} s, {event.total_count} times so far',
            throttle_duration_sec=WARN_EVERY_S,
        )
