"""Plays a bag onto topics, with /clock, for a look with the nodes running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
import time
from typing import Any

from builtin_interfaces.msg import Time
from edge_adapt.errors import UsageError
from edge_adapt.nodes._qos import RELIABLE
from edge_adapt.nodes._session import session
from edge_adapt.nodes._types import message_class
from edge_adapt.streams.bag.parts import Parts
import rclpy
from rclpy.duration import Duration
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool

_LAST_WORDS = Duration(seconds=1)  # for reliable subscribers to have received the end
_LOOK_UP_S = 0.05  # services are answered this soon


class Player(Node):
    """
    Publishes the messages of a bag, byte for byte, in the rhythm of their recording.

    `/clock` tells the time of recording of each message before it is sent. `~/pause` holds and
    resumes. Topics whose types are not installed are left out and told.
    """

    def __init__(self, path: Path, topics: Sequence[str] = (), rate: float = 1.0) -> None:
        super().__init__('player')
        if not 0 < rate <= 1000:
            raise UsageError(f'rate must be above 0 and at most 1000, got {rate}')
        self._path, self._rate = path, rate
        self._is_paused = False
        self._clock_publisher = self.create_publisher(Clock, '/clock', RELIABLE)
        self.create_service(SetBool, '~/pause', self._on_pause)
        with Parts(path, self.get_logger().warning) as parts:
            known = [topic for topic in parts.topics if not topics or topic.name in topics]
        missing = set(topics) - {topic.name for topic in known}
        if missing:
            raise UsageError(f'{path} has no topic {", ".join(sorted(missing))}')
        self.senders: dict[str, Any] = {}
        for topic in known:
            try:
                message = message_class(topic.kind)
            except UsageError as error:
                self.get_logger().warning(f'{topic.name} is left out: {error}')
                continue
            self.senders[topic.name] = self.create_publisher(message, topic.name, RELIABLE)

    def play(self, is_stopped: Callable[[], bool] = lambda: False, start_s: float = 0.0) -> int:
        """Play from `start_s` seconds after the first message; return how many were sent."""
        first_ns, started_ns, n_sent = -1, 0, 0
        with Parts(self._path, lambda _: None) as parts:
            for message in parts.messages(*self.senders):
                if first_ns < 0:
                    first_ns = message.log_ns + round(start_s * 1e9)
                    started_ns = time.monotonic_ns()
                if message.log_ns < first_ns:
                    continue
                due_ns = started_ns + round((message.log_ns - first_ns) / self._rate)
                started_ns += self._wait_until(due_ns, is_stopped)
                if is_stopped():
                    break
                seconds, nanoseconds = divmod(message.log_ns, 1_000_000_000)
                self._clock_publisher.publish(Clock(clock=Time(sec=seconds, nanosec=nanoseconds)))
                self.senders[message.topic].publish(message.data)
                n_sent += 1
        for sender in self.senders.values():
            sender.wait_for_all_acked(_LAST_WORDS)
        return n_sent

    def _wait_until(self, due_ns: int, is_stopped: Callable[[], bool]) -> int:
        """Wait, answering services; return for how long a pause put everything off, in ns."""
        paused_ns = 0
        while not is_stopped():
            left_s = (due_ns + paused_ns - time.monotonic_ns()) / 1e9
            if left_s <= 0 and not self._is_paused:
                break
            before_ns = time.monotonic_ns()
            was_paused = self._is_paused
            timeout_s = _LOOK_UP_S if was_paused else min(left_s, _LOOK_UP_S)
            rclpy.spin_once(self, timeout_sec=timeout_s)
            if was_paused:
                paused_ns += time.monotonic_ns() - before_ns
        return paused_ns

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> Any:
        self._is_paused = request.data
        response.success = True
        response.message = 'paused' if self._is_paused else 'playing'
        return response


def play(
    path: Path,
    topics: Sequence[str] = (),
    *,
    rate: float = 1.0,
    start_s: float = 0.0,
    is_looping: bool = False,
    remappings: Sequence[str] = (),
) -> int:
    """Play a bag once, or again and again until Ctrl-C; return how many messages were sent."""
    with session(remappings) as is_stopped:
        player = Player(path, topics, rate)
        try:
            n_sent = player.play(is_stopped, start_s)
            while is_looping and not is_stopped():
                n_sent += player.play(is_stopped, start_s)
        finally:
            player.destroy_node()
        return n_sent
