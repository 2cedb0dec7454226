"""Tells which sign the rover's camera faces: the labels of the street in Gazebo."""

from __future__ import annotations

import sys
from typing import ClassVar

from edge_adapt.nodes import convert
from edge_adapt.nodes._lifecycle import EdgeNode, run
from edge_adapt.nodes._qos import image_qos, RELIABLE
from edge_adapt.streams._signs import signs
from edge_adapt.streams.digits import Digits
from edge_adapt.street import sign_in_view
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CameraInfo
from vision_msgs.msg import Classification


class Signs(EdgeNode):
    """Publishes `label` for each frame in which a sign is faced: from `pose` and `camera_info`."""

    kind: ClassVar[str] = 'signs'

    def configure(self) -> None:
        """Look at the signs."""
        self._labels = signs().labels
        self._x: float | None = None
        self._label = self.create_publisher(Classification, 'label', RELIABLE)

    def activate(self) -> None:
        """Begin to listen."""
        self.create_subscription(PoseStamped, 'pose', self._on_pose, 10)
        self.create_subscription(CameraInfo, 'camera_info', self._on_frame, image_qos(False, 5))

    def _on_pose(self, message: PoseStamped) -> None:
        self._x = message.pose.position.x

    def _on_frame(self, message: CameraInfo) -> None:
        sign = None if self._x is None else sign_in_view(self._x)
        if sign is not None:
            stamp = convert.stamp_ns(message.header.stamp)
            label = int(self._labels[sign])
            self._label.publish(convert.label_from(label, Digits.class_names, stamp))


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Signs)


if __name__ == '__main__':
    sys.exit(main())
