"""A camera of another process: `_sender.py N RATE_HZ` sends N images of 640x480 to who listens."""

from __future__ import annotations

import sys
import time

from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import image_qos
import numpy as np
import rclpy
from sensor_msgs.msg import Image


def main() -> None:
    n_frames, rate_hz = int(sys.argv[1]), float(sys.argv[2])
    rclpy.init()
    node = rclpy.create_node('sender')
    publisher = node.create_publisher(Image, 'image_raw', image_qos(reliable=False, depth=10))
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    while not publisher.get_subscription_count():
        rclpy.spin_once(node, timeout_sec=0.05)
    next_s = time.monotonic()
    for i in range(n_frames):
        publisher.publish(convert.image_from(pixels, i + 1, 'camera'))
        next_s += 1 / rate_hz
        time.sleep(max(0.0, next_s - time.monotonic()))
    rclpy.spin_once(node, timeout_sec=1.0)
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
