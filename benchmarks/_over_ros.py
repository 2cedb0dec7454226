"""Processes of a measurement over real DDS, and who sends them images and takes the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Any

from edge_adapt.commands import _starter
from edge_adapt.graph import NodeSpec
from edge_adapt.nodes import convert
from edge_adapt.nodes._executor import executor
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
import numpy as np
import rclpy
from sensor_msgs.msg import Image
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification, VisionInfo

HERE = Path(__file__).parent
SMALL = np.zeros((240, 320, 3), np.uint8)


class Sender:
    """Sends images into a namespace, and keeps what came back and when."""

    def __init__(self, namespace: str = '') -> None:
        self.node = rclpy.create_node('sender', namespace=namespace)
        self._executor = executor()
        self._executor.add_node(self.node)
        self.images = self.node.create_publisher(Image, 'image_raw', image_qos(False, 10))
        self.weights = self.node.create_publisher(UInt8MultiArray, 'weights', LATCHED)
        self.came_ns: dict[int, int] = {}
        self.answers: list[Classification] = []
        self.told: list[VisionInfo] = []
        self.node.create_subscription(Classification, 'classification', self._take, RELIABLE)
        self.node.create_subscription(VisionInfo, 'model', self.told.append, LATCHED)

    def _take(self, message: Classification) -> None:
        self.came_ns[convert.stamp_ns(message.header.stamp)] = time.time_ns()
        self.answers.append(message)

    def hear(self, patience_s: float) -> None:
        """Wait for what comes next."""
        self._executor.spin_once(timeout_sec=patience_s)

    def spin(self, until_s: float) -> None:
        """Hear what comes until `until_s` on the steady clock."""
        while (left := until_s - time.monotonic()) > 0:
            self.hear(left)

    def send(self, pixels: Any, rate_hz: float, seconds: float, weights: Any = ()) -> list[int]:
        """
        Send at a rate and return the stamps; wait a second for the last answers.

        `weights` are messages, one of which is sent between any two frames while there are some.
        """
        self.came_ns.clear()
        self.answers.clear()
        stamps, updates = [], iter(weights)
        next_s = time.monotonic()
        for _ in range(int(rate_hz * seconds)):
            stamps.append(time.time_ns())
            self.images.publish(convert.image_from(pixels, stamps[-1], 'camera'))
            next_s += 1 / rate_hz
            self.spin(next_s - 0.5 / rate_hz)
            if (update := next(updates, None)) is not None:
                self.weights.publish(update)
            self.spin(next_s)
        self.spin(time.monotonic() + 1.0)
        return stamps

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self.node.destroy_node()

    def latencies_ms(self, stamps: list[int]) -> list[float]:
        """Return how long each answered image took, from its stamp to the answer's arrival."""
        return [(self.came_ns[s] - s) / 1e6 for s in stamps if s in self.came_ns]

    def wait_for_answers(self, seconds: float = 30.0) -> None:
        """Send images until one is answered."""
        end_s = time.monotonic() + seconds
        while not self.came_ns:
            if time.monotonic() > end_s:
                raise TimeoutError(f'no answer within {seconds:g} s')
            self.images.publish(convert.image_from(SMALL, time.time_ns(), 'camera'))
            self.spin(time.monotonic() + 0.05)


@contextmanager
def nodes(
    specs: list[NodeSpec], domain: int, namespace: str = ''
) -> Iterator[tuple[Sender, dict[str, int], float]]:
    """Yield a sender, the nodes' process numbers, and the seconds from start to first answer."""
    sender = Sender(namespace)
    started_s = time.monotonic()
    try:
        with _starter.Processes(specs, domain, _silent, namespace) as processes:
            sender.wait_for_answers()
            seconds = time.monotonic() - started_s
            yield sender, processes.pids, seconds
    finally:
        sender.close()


@contextmanager
def echo() -> Iterator[Sender]:
    """Yield a sender whose images a bare rclpy node answers, in a process of its own."""
    arguments = ['--ros-args', '-r', '__ns:=/echo']
    with beside('_echo', *arguments):
        sender = Sender('/echo')
        try:
            sender.wait_for_answers()
            yield sender
        finally:
            sender.close()


@contextmanager
def beside(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script of this folder as long as the context lasts."""
    command = [sys.executable, str(HERE / f'{name}.py'), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()  # a killed process would leave its shared memory behind


def cpu_and_memory(pid: int, seconds: float) -> tuple[float, float]:
    """Return the share of a core in percent and the resident memory in MiB of a process."""
    ticks = os.sysconf('SC_CLK_TCK')

    def used_s() -> float:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    before = used_s()
    time.sleep(seconds)
    share = 100 * (used_s() - before) / seconds
    pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
    return share, pages * os.sysconf('SC_PAGE_SIZE') / 2**20


def _silent(name: str, text: str) -> None:
    """Print nothing: standard output is for figures."""
