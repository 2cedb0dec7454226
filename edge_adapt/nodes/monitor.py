"""Watches a running graph from outside: every result with its truth, and what happened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
import threading
from types import TracebackType
from typing import Self

from diagnostic_msgs.msg import DiagnosticArray
from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import LATCHED, RELIABLE, SCORE
import rclpy
from rclpy.executors import (
    ExternalShutdownException,
    ShutdownException,
    SingleThreadedExecutor,
)
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Float32
from vision_msgs.msg import Classification, VisionInfo


@dataclass
class Seen:
    """What was seen so far; frames are known by their stamps, in nanoseconds."""

    truths: dict[int, str] = field(default_factory=dict)
    results: dict[int, tuple[str, float]] = field(default_factory=dict)  # class, latency in ms
    drifts: list[tuple[int, str]] = field(default_factory=list)
    decisions: list[dict[str, str]] = field(default_factory=list)
    swaps: list[tuple[int, str]] = field(
        default_factory=list
    )  # stamp of the latest frame, version
    statistics: dict[int, float] = field(default_factory=dict)  # drift statistic / threshold
    input: dict[str, str] = field(default_factory=dict)  # the inference node's own figures
    learning: dict[str, str] = field(default_factory=dict)  # the adaptation node's
    statuses: dict[str, tuple[int, str, dict[str, str]]] = field(
        default_factory=dict
    )  # name in /diagnostics -> level, sentence, values


class Monitor(Node):
    """Subscribes to everything the graph tells; `on_event` is called with a sentence each time."""

    def __init__(self, on_event: Callable[[str], None] = lambda _: None) -> None:
        super().__init__('monitor')
        self.seen = Seen()
        self._on_event = on_event
        for message_type, topic, callback, qos in (
            (Classification, 'truth', self._on_truth, SCORE),
            (Classification, 'classification', self._on_result, RELIABLE),
            (Float32, 'drift_score', self._on_score, RELIABLE),
            (DiagnosticArray, 'drift', self._on_drift, RELIABLE),
            (DiagnosticArray, 'decisions', self._on_decision, RELIABLE),
            (DiagnosticArray, '/diagnostics', self._on_diagnostics, RELIABLE),
            (VisionInfo, 'model', self._on_model, LATCHED),
        ):
            self.create_subscription(message_type, topic, callback, qos)

    def _on_truth(self, message: Classification) -> None:
        self.seen.truths[convert.stamp_ns(message.header.stamp)] = message.results[0].class_id

    def _on_result(self, message: Classification) -> None:
        stamp = convert.stamp_ns(message.header.stamp)
        latency_ms = (self.get_clock().now().nanoseconds - stamp) / 1e6
        self.seen.results[stamp] = (message.results[0].class_id, latency_ms)

    def _on_score(self, message: Float32) -> None:
        self.seen.statistics[next(reversed(self.seen.results), 0)] = message.data

    def _on_drift(self, message: DiagnosticArray) -> None:
        detection = convert.detection_in(message)
        text = (
            f'drift: {detection.detector} sees {detection.group} change,'
            f' {detection.statistic:.1f} over {detection.threshold:.1f}'
        )
        self.seen.drifts.append((detection.stamp_ns, text))
        self._on_event(text)

    def _on_decision(self, message: DiagnosticArray) -> None:
        self.seen.decisions.append(convert.values_in(message))
        self._on_event(message.status[0].message)

    def _on_model(self, message: VisionInfo) -> None:
        version = message.database_location
        self.seen.swaps.append((max(self.seen.results, default=0), version))
        if message.database_version:
            self._on_event(f'swap {message.database_version}: version {version} runs')

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            self.seen.statuses[status.name] = (status.level[0], status.message, values)
            if status.name.endswith('inference: input'):
                self.seen.input = values
            if status.name.endswith('adaptation: learning'):
                self.seen.learning = values


class Watch:
    """A context in which a monitor runs in a thread of its own; `seen` grows meanwhile."""

    def __init__(self, on_event: Callable[[str], None]) -> None:
        self._on_event = on_event

    def __enter__(self) -> Self:
        # Ctrl-C belongs to whoever watches: rclpy must not take the signal away.
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self._monitor = Monitor(self._on_event)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._monitor)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._executor.shutdown()
        self._thread.join()
        self._monitor.destroy_node()
        rclpy.try_shutdown()

    @property
    def seen(self) -> Seen:
        """Return what was seen so far."""
        return self._monitor.seen

    def _spin(self) -> None:
        with suppress(ExternalShutdownException, ShutdownException):
            self._executor.spin()
