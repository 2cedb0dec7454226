"""
What the inference node costs over real DDS: two processes, median of three runs.

usage: .venv/bin/python -m benchmarks.ros > benchmarks/results/ros.json

One JSON line a figure. Not measured yet: inference beside learning flat out, 1,000 swaps under
load, and a transport-only peer of the latency.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path
import platform
import statistics
import sys
import time
from typing import Any

from edge_adapt.commands import _starter
from edge_adapt.graph import NodeSpec
from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import image_qos, RELIABLE
from edge_adapt.parameters import NODES
from edge_adapt.pipeline.assembly import inference_from
from edge_adapt.records import Frame
import numpy as np
import rclpy
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

N_RUNS = 3


def silent(name: str, text: str) -> None:
    """Print nothing: standard output is for figures."""


class Sender:
    """Sends images and keeps when each answer came."""

    def __init__(self) -> None:
        self.node = rclpy.create_node('sender')
        self.images = self.node.create_publisher(Image, 'image_raw', image_qos(False, 10))
        self.came_ns: dict[int, int] = {}
        self.node.create_subscription(Classification, 'classification', self._take, RELIABLE)

    def _take(self, message: Classification) -> None:
        self.came_ns[convert.stamp_ns(message.header.stamp)] = time.time_ns()

    def spin(self, until_s: float) -> None:
        while (left := until_s - time.monotonic()) > 0:
            rclpy.spin_once(self.node, timeout_sec=left)

    def send(self, pixels: Any, rate_hz: float, seconds: float) -> list[int]:
        """Send at a rate and return the stamps; wait a second for the last answers."""
        self.came_ns.clear()
        stamps = []
        next_s = time.monotonic()
        for _ in range(int(rate_hz * seconds)):
            stamps.append(time.time_ns())
            self.images.publish(convert.image_from(pixels, stamps[-1], 'camera'))
            next_s += 1 / rate_hz
            self.spin(next_s)
        self.spin(time.monotonic() + 1.0)
        return stamps

    def latencies_ms(self, stamps: list[int]) -> list[float]:
        return [(self.came_ns[s] - s) / 1e6 for s in stamps if s in self.came_ns]


@contextmanager
def running(domain: int) -> Iterator[tuple[Any, Sender, float]]:
    """Yield the processes, a sender, and the seconds from start to the first answer."""
    sender = Sender()
    small = np.zeros((240, 320, 3), np.uint8)
    started_s = time.monotonic()
    with _starter.Processes([NodeSpec('inference')], domain, silent) as processes:
        while not sender.came_ns:
            stamp = time.time_ns()
            sender.images.publish(convert.image_from(small, stamp, 'camera'))
            sender.spin(time.monotonic() + 0.05)
        yield processes, sender, time.monotonic() - started_s
    sender.node.destroy_node()


def cpu_and_memory(pid: int, seconds: float) -> tuple[float, float]:
    """Return the share of a core in percent and the resident memory in MiB of an idle process."""
    ticks = os.sysconf('SC_CLK_TCK')

    def used_s() -> float:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    before = used_s()
    time.sleep(seconds)
    share = 100 * (used_s() - before) / seconds
    pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
    return share, pages * os.sysconf('SC_PAGE_SIZE') / 2**20


def highest_rate(sender: Sender, shape: tuple[int, int, int]) -> float:
    """Return the highest rate tried at which less than 5 % of the frames had no answer."""
    pixels, best = np.zeros(shape, np.uint8), 0.0
    for rate_hz in (50, 100, 150, 200, 300, 400, 600, 800):
        stamps = sender.send(pixels, rate_hz, 2.0)
        real_hz = (len(stamps) - 1) / ((stamps[-1] - stamps[0]) / 1e9)
        if len(sender.latencies_ms(stamps)) < 0.95 * len(stamps) or real_hz < 0.9 * rate_hz:
            break
        best = real_hz
    return best


def inference_alone_ms() -> float:
    defaults = {parameter.name: parameter.default for parameter in NODES['inference']}
    pipeline = inference_from(defaults.__getitem__)
    frame = Frame(np.zeros((240, 320, 3), np.uint8), 1)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        pipeline.on_frame(frame)
        times.append(1e3 * (time.perf_counter() - start))
    return float(np.percentile(times, 99))


def measure(domain: int) -> dict[str, float]:
    """Return the figures of one run."""
    figures: dict[str, float] = {}
    with running(domain) as (processes, sender, start_s):
        figures['start to first result|s'] = start_s
        pid = processes._running['inference'].pid
        idle = cpu_and_memory(pid, 10.0)
        figures['idle, no frames|% of a core'], figures['memory of inference|MiB'] = idle
        large = np.zeros((480, 640, 3), np.uint8)
        stamps = sender.send(large, 60.0, 5.0)
        answered = 100 * len(sender.latencies_ms(stamps)) / len(stamps)
        figures['640x480 at 60 Hz answered|%'] = answered
        stamps = sender.send(np.zeros((240, 320, 3), np.uint8), 30.0, 10.0)
        latencies = sender.latencies_ms(stamps)
        figures['320x240 at 30 Hz, stamp to answer, p50|ms'] = float(np.percentile(latencies, 50))
        figures['320x240 at 30 Hz, stamp to answer, p99|ms'] = float(np.percentile(latencies, 99))
        figures['inference alone, p99|ms'] = inference_alone_ms()
        figures['highest rate, 640x480|Hz'] = highest_rate(sender, (480, 640, 3))
        figures['highest rate, 224x224|Hz'] = highest_rate(sender, (224, 224, 3))
    return figures


def main() -> int:
    domain = _starter.check_machine(None)
    os.environ.update(_starter.environment(domain))
    rclpy.init()
    runs = [measure(domain) for _ in range(N_RUNS)]
    rclpy.try_shutdown()
    load = os.getloadavg()[0]
    for key in runs[0]:
        metric, _, unit = key.partition('|')
        values = [round(run[key], 3) for run in runs]
        line = {
            **{'case': 'ros', 'metric': metric, 'value': statistics.median(values), 'unit': unit},
            **{'peer': None, 'peer_value': None, 'ratio': None, 'runs': values},
            **{'machine': platform.processor() or platform.machine(), 'load': round(load, 1)},
        }
        print(json.dumps(line), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
