"""The camera: a stream of labelled images, published as a robot's camera would."""

from __future__ import annotations

import sys
from typing import ClassVar

from edge_adapt import registry
from edge_adapt.nodes import convert
from edge_adapt.nodes._lifecycle import EdgeNode, run
from edge_adapt.nodes._qos import image_qos, RELIABLE
import numpy as np
from rclpy.timer import Timer
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification


class Camera(EdgeNode):
    """Publishes `image_raw`, `label` for a share of the frames, and `truth` where asked."""

    kind: ClassVar[str] = 'camera'

    def configure(self) -> None:
        """Build the stream and the publishers."""
        self._stream = registry.load('streams', self.parameter('stream'))(
            schedule=self.parameter('schedule'),
            order=self.parameter('order'),
            seed=self.parameter('seed'),
        )
        self._rng = np.random.default_rng(self.parameter('seed'))
        reliable = self.parameter('image_reliable')
        self._image = self.create_publisher(Image, 'image_raw', image_qos(reliable, depth=5))
        self._label = self.create_publisher(Classification, 'label', RELIABLE)
        self._truth = self.create_publisher(Classification, 'truth', RELIABLE)
        self._timer: Timer | None = None
        self._n_sent = 0

    def activate(self) -> None:
        """Begin to send."""
        self._timer = self.create_timer(1.0 / self.parameter('rate_hz'), self._on_time)

    def deactivate(self) -> None:
        """Stop sending."""
        if getattr(self, '_timer', None) is not None:
            self.destroy_timer(self._timer)
            self._timer = None

    def _on_time(self) -> None:
        if self._n_sent == len(self._stream):
            self.get_logger().info(f'the stream ends after {self._n_sent} frames')
            self.deactivate()
            return
        if not self._n_sent and not self._is_heard():
            return
        frame = self._stream[self._n_sent]
        self._n_sent += 1
        stamp = self.get_clock().now().nanoseconds
        self._image.publish(convert.image_from(frame.image, stamp, self.parameter('frame_id')))
        label = convert.label_from(frame.label, self._stream.class_names, stamp)
        if self.parameter('publish_truth'):
            self._truth.publish(label)
        if self._rng.random() < self.parameter('label_share'):
            self._label.publish(label)

    def _is_heard(self) -> bool:
        """Whether those who should see the first frame are there."""
        enough = self._image.get_subscription_count() >= self.parameter('n_subscribers')
        scored = not self.parameter('publish_truth') or self._truth.get_subscription_count()
        return bool(enough and scored)


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Camera)


if __name__ == '__main__':
    sys.exit(main())
