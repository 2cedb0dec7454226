"""
Diagnostics as diagnostic_updater publishes them, which cannot be installed from PyPI.

Its conventions: one array a period with every task of the node, a status named '<node>: <task>',
a hardware id, a level that says how bad it is, and the first array at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
import threading

from diagnostic_msgs.msg import DiagnosticArray
from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import RELIABLE
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

Status = tuple[bytes, str, Mapping[str, str]]  # level, a sentence, values
PERIOD_S = 1.0


class Diagnostics:
    """Publishes the status of each task once a second, by the steady clock."""

    def __init__(self, node: Node, hardware_id: str, tasks: Mapping[str, Callable[[], Status]]):
        self._node, self._hardware_id, self._tasks = node, hardware_id, tasks
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', RELIABLE)
        node.create_timer(PERIOD_S, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Ask every task and publish what they say."""
        name = self._node.get_fully_qualified_name()
        statuses = [
            convert.status(f'{name}: {task}', self._hardware_id, *ask())
            for task, ask in self._tasks.items()
        ]
        now = self._node.get_clock().now().nanoseconds
        self._publisher.publish(DiagnosticArray(header=convert.header(now), status=statuses))


class Frames:
    """
    Rate and age of frames over the last `n_periods` calls of `status`.

    `seen` belongs to a callback or worker, `status` to the diagnostics. Ages are by the node's
    clock; a frame of the future has clocks that disagree, or a clock that was set.
    """

    def __init__(self, steady_ns: Callable[[], int], n_periods: int = 5) -> None:
        self._steady_ns, self._lock = steady_ns, threading.Lock()
        self._ages_ns: list[int] = []
        self._counts: deque[tuple[int, int]] = deque([(steady_ns(), 0)], maxlen=n_periods + 1)
        self._n = 0

    def seen(self, age_ns: int) -> None:
        """Take note of one frame."""
        with self._lock:
            self._n += 1
            self._ages_ns.append(age_ns)

    def rate_hz(self) -> float:
        """Close a period and return the rate over the window."""
        self._counts.append((self._steady_ns(), self._n))
        (start_ns, n_before), (end_ns, n_now) = self._counts[0], self._counts[-1]
        return (n_now - n_before) / max(1e-9, (end_ns - start_ns) / 1e9)

    def stamps(self, oldest_s: float) -> Status:
        """Return the status of the stamps since the last call."""
        with self._lock:
            ages_ns, self._ages_ns = self._ages_ns, []
        if not ages_ns:
            return convert.OK, 'no frames since the last look', {}
        youngest_s, oldest_seen_s = min(ages_ns) / 1e9, max(ages_ns) / 1e9
        values = {
            'Earliest timestamp delay': f'{youngest_s:.6f}',
            'Latest timestamp delay': f'{oldest_seen_s:.6f}',
        }
        if youngest_s < 0:
            return convert.WARN, f'stamps are {-youngest_s:.3f} s ahead of the clock', values
        if oldest_seen_s > oldest_s:
            return convert.WARN, f'frames are {oldest_seen_s:.3f} s old when they come', values
        return convert.OK, 'stamps agree with the clock', values
