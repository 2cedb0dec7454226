"""Writes what topics say into a bag, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
import time
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.nodes._session import session
from edge_adapt.nodes._types import message_class
from edge_adapt.streams.bag.series import Series
import rclpy
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

LOOK_EVERY_S = 0.2
DEPTH = 50  # messages of a topic that wait at most: memory is bounded
# What ROS says to itself is recorded only by name; so are images that are in the bag already.
_SILENT = ('/rosout', '/parameter_events')


class Recorder(Node):
    """
    Subscribes to `topics` as they appear, or to all, as reliably as their publishers offer.

    Messages are never decoded. Their time of recording is that of this node's clock. `refused`
    holds the topics that cannot be recorded, with the reason.
    """

    def __init__(self, series: Series, topics: Sequence[str] = ()) -> None:
        super().__init__('recorder')
        self._series = series
        self._wanted = [self.resolve_topic_name(topic) for topic in topics]
        self.heard: dict[str, Any] = {}
        self.refused: dict[str, str] = {}
        self.create_timer(LOOK_EVERY_S, self._look)

    @property
    def unheard(self) -> list[str]:
        """Return the wanted topics on which nothing came."""
        return [topic for topic in self._wanted if not self._series.n_messages[topic]]

    def _look(self) -> None:
        found = dict(self.get_topic_names_and_types())
        for topic, kinds in found.items():
            is_twin = topic.endswith('/compressed') and topic.removesuffix('/compressed') in found
            is_news = topic not in _SILENT and not is_twin and not topic.endswith('/debug_image')
            wanted = topic in self._wanted if self._wanted else is_news
            if wanted and topic not in self.heard and topic not in self.refused:
                self._listen(topic, kinds)

    def _listen(self, topic: str, kinds: Sequence[str]) -> None:
        publishers = self.get_publishers_info_by_topic(topic)
        if not publishers:
            return
        try:
            message = message_class(kinds[0])
        except UsageError as error:
            self._refuse(topic, str(error))
            return
        profiles = [publisher.qos_profile for publisher in publishers]
        qos = QoSProfile(
            depth=DEPTH,
            reliability=_weakest(
                [p.reliability for p in profiles],
                ReliabilityPolicy.BEST_EFFORT,
                ReliabilityPolicy.RELIABLE,
            ),
            durability=_weakest(
                [p.durability for p in profiles],
                DurabilityPolicy.VOLATILE,
                DurabilityPolicy.TRANSIENT_LOCAL,
            ),
        )
        write = partial(self._write, topic, kinds[0])
        self.heard[topic] = self.create_subscription(message, topic, write, qos, raw=True)

    def _write(self, topic: str, kind: str, data: bytes) -> None:
        if topic in self.refused:
            return
        now_ns = self.get_clock().now().nanoseconds
        try:
            self._series.write(topic, kind, now_ns, data)
        except UsageError as error:
            if 'cannot be recorded' not in str(error):
                raise
            self._refuse(topic, str(error))

    def _refuse(self, topic: str, reason: str) -> None:
        self.refused[topic] = reason
        self.get_logger().warning(f'{topic} is left out: {reason}')


def _weakest(offered: Sequence[Any], weak: Any, strong: Any) -> Any:
    """Return what every publisher offers at least."""
    return strong if all(policy == strong for policy in offered) else weak


def record(
    series: Series, topics: Sequence[str], seconds: float, remappings: Sequence[str] = ()
) -> dict[str, str]:
    """Record until Ctrl-C, or for `seconds`; return the topics left out, with the reasons."""
    with session(remappings) as is_stopped:
        recorder = Recorder(series, topics)
        until_s = time.monotonic() + seconds
        try:
            while not is_stopped() and time.monotonic() < until_s:
                rclpy.spin_once(recorder, timeout_sec=LOOK_EVERY_S)
        finally:
            series.close()
            recorder.destroy_node()
        unheard = dict.fromkeys(recorder.unheard, 'nobody says anything there')
        return {**recorder.refused, **unheard}
