"""The camera: a stream of labelled images, published as a robot's camera would."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
import sys
from typing import Any, ClassVar

from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.nodes import convert
from edge_adapt.nodes._faults import CameraFaults
from edge_adapt.nodes._lifecycle import EdgeNode, run
from edge_adapt.nodes._qos import image_qos, RELIABLE, SCORE
from edge_adapt.records import Frame, UNKNOWN
import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.timer import Timer
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from vision_msgs.msg import Classification

SETTLE_S = 1.5


class Camera(EdgeNode):
    """Publishes `image_raw`, `label` for a share of the frames, and `truth` where asked."""

    kind: ClassVar[str] = 'camera'

    def configure(self) -> None:
        """Build the stream and the publishers."""
        self._stream = self._made_stream()
        self._rng = np.random.default_rng(self.parameter('seed'))
        qos = image_qos(self.parameter('image_reliable'), depth=5)
        self._image = self.create_publisher(Image, 'image_raw', qos)
        base = self.resolve_topic_name('image_raw')
        self._compressed = self.create_publisher(CompressedImage, f'{base}/compressed', qos)
        info_topic = f'{base.rpartition("/")[0]}/camera_info'
        self._info = self.create_publisher(CameraInfo, info_topic, qos)
        self._label = self.create_publisher(Classification, 'label', RELIABLE)
        self._truth = self.create_publisher(Classification, 'truth', SCORE)
        self._time = None
        if self.parameter('publish_clock'):
            self._time = self.create_publisher(ClockMessage, '/clock', RELIABLE)
        self._frames: Iterator[Frame] = iter(self._stream)
        self._n_heard = 0  # times in a row that everybody was there
        self._n_sent = 0
        self._faults = CameraFaults(self)

    def activate(self) -> None:
        """Begin to send."""
        rate_hz = self.parameter('rate_hz') or self._stream.rate_hz
        # Whoever makes the time cannot wait for it.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        clock = steady if self.parameter('publish_clock') else self.get_clock()
        self._timer: Timer = self.create_timer(1.0 / rate_hz, self._on_time, clock=clock)

    def _made_stream(self) -> Any:
        if self.parameter('bag'):
            return _recording(self.parameter('bag'))
        return registry.load('streams', self.parameter('stream'))(
            schedule=self.parameter('schedule'),
            order=self.parameter('order'),
            seed=self.parameter('seed'),
        )

    def _on_time(self) -> None:
        if not self._n_sent and not self._is_heard():
            return
        frame = next(self._frames, None)
        if frame is None and self.parameter('loop'):
            self._frames = iter(self._stream)
            frame = next(self._frames, None)
        if frame is None:
            self.get_logger().info(f'the stream ends after {self._n_sent} frames')
            self.destroy_timer(self._timer)
            return
        self._n_sent += 1
        seen = self._faults.frame(frame)
        if seen is not None:
            self._send(seen)

    def _send(self, frame: Frame) -> None:
        """Publish what belongs to one frame; time first, as everything is stamped with it."""
        if self._time is not None:
            self._time.publish(convert.clock(frame.stamp_ns))
            stamp = frame.stamp_ns
        else:
            stamp = self.get_clock().now().nanoseconds + self._faults.offset_ns
        frame_id = frame.frame_id if self.parameter('bag') else self.parameter('frame_id')
        self._info.publish(convert.camera_info(frame.image, stamp, frame_id))
        message = convert.image_from(frame.image, stamp, frame_id)
        self._image.publish(self._faults.message(message))
        if self._compressed.get_subscription_count():
            self._compressed.publish(convert.compressed_from(frame.image, stamp, frame_id))
        if frame.label == UNKNOWN:
            return
        label = convert.label_from(frame.label, self._stream.class_names, stamp)
        if self.parameter('publish_truth'):
            self._truth.publish(label)
        if self._rng.random() < self.parameter('label_share'):
            self._label.publish(label)

    def _is_heard(self) -> bool:
        """Whether those who should see the first frame are there."""
        n_images = self._image.get_subscription_count() + self._compressed.get_subscription_count()
        keeps_score = self.parameter('publish_truth')
        scored = not keeps_score or self._truth.get_subscription_count()
        heard = bool(n_images >= self.parameter('n_subscribers') and scored)
        self._n_heard = self._n_heard + 1 if heard else 0
        # Who keeps the score finds the camera before it has found the answers: give it a while.
        return self._n_heard > (SETTLE_S * self.parameter('rate_hz') if keeps_score else 0)


def _recording(path: str) -> Any:
    """Return a bag as a stream; UsageError where it is none, or nothing here can read it."""
    try:
        module = import_module('edge_adapt.streams.bag.recording')
    except ModuleNotFoundError as error:
        raise UsageError(f'playing a bag needs the Python package {error.name}') from error
    return module.Recording(path)


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Camera)


if __name__ == '__main__':
    sys.exit(main())
