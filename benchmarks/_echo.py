"""The transport alone: answers every image with its header, by rclpy and nothing else."""

from __future__ import annotations

import sys

from edge_adapt.nodes._process import tune
from edge_adapt.nodes._qos import image_qos, RELIABLE
import rclpy
from rclpy.executors import ExternalShutdownException
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification


def main() -> int:
    """Echo until ended."""
    tune()
    rclpy.init()
    node = rclpy.create_node('echo')
    answers = node.create_publisher(Classification, 'classification', RELIABLE)
    node.create_subscription(
        Image,
        'image_raw',
        lambda image: answers.publish(Classification(header=image.header)),
        image_qos(reliable=False, depth=1),
    )
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    return 0


if __name__ == '__main__':
    sys.exit(main())
