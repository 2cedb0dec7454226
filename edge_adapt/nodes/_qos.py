"""The qualities of service that the topics use, and sentences about those that do not fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
# Nobody who keeps the score may miss the first frames: who joins late gets them all the same.
SCORE = QoSProfile(
    depth=300,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


def image_qos(reliable: bool, depth: int = 1, deadline_s: float = 0.0) -> QoSProfile:
    """Return sensor data (REP 2003): best effort unless asked otherwise, newest frames only."""
    profile = QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
    )
    if deadline_s:
        profile.deadline = Duration(seconds=deadline_s)
    return profile


def mismatch(topic: str, wanted: QoSProfile, publishers: Iterable[Any]) -> str:
    """
    Say why no frames come from publishers (TopicEndpointInfo) that offer less than is wanted.

    What a publisher offers must be at least what a subscriber asks for (DDS 1.4, 2.2.3).
    """
    for publisher in publishers:
        offered, who = publisher.qos_profile, publisher.node_name
        if (
            wanted.reliability == ReliabilityPolicy.RELIABLE
            and offered.reliability == ReliabilityPolicy.BEST_EFFORT
        ):
            return (
                f'no frames on {topic}: publisher {who} is best effort, we ask for reliable;'
                ' set image_reliable to false'
            )
        if 0 < wanted.deadline.nanoseconds < offered.deadline.nanoseconds:
            return (
                f'no frames on {topic}: publisher {who} promises no frame within'
                f' {wanted.deadline.nanoseconds / 1e9:g} s, which image_deadline_s asks for'
            )
        if (
            wanted.durability == DurabilityPolicy.TRANSIENT_LOCAL
            and offered.durability == DurabilityPolicy.VOLATILE
        ):
            return (
                f'no frames on {topic}: publisher {who} is volatile, we ask for transient local;'
                ' see qos_overrides'
            )
    return f'no frames on {topic}: a publisher offers less than we ask for; see qos_overrides'
