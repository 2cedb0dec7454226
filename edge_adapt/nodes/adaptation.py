"""The learning path as a node, in a process of its own: frames, labels, drift in; weights out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
import os
from pathlib import Path
import sys
import threading
import time
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray
from edge_adapt.errors import UsageError
from edge_adapt.images import network_input
from edge_adapt.nodes import convert
from edge_adapt.nodes._lifecycle import EdgeNode, run, Worker
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
from edge_adapt.pipeline.adaptation import Adaptation as Pipeline
from edge_adapt.pipeline.assembly import adaptation_from, region_from
from edge_adapt.pipeline.ladder import Decision
from edge_adapt.store.signing import SigningKey
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import UInt8MultiArray
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Classification

WAIT_S = 0.2
WARN_EVERY_S = 5.0
Message = Any  # any of the three that are listened to
MAX_WAITING = 256  # messages; while a rung is tried, about eight seconds of frames wait
NICE = 10
RETRY_S = 5.0  # after the store refused


class Adaptation(EdgeNode):
    """Learns in a thread of low priority; callbacks only put messages into a bounded queue."""

    kind: ClassVar[str] = 'adaptation'

    def configure(self) -> None:
        """Load the model and the store, and make the publishers."""
        os.nice(max(0, NICE - os.nice(0)))
        self._pipeline: Pipeline = adaptation_from(self.parameter, time.perf_counter_ns)
        path = self.parameter('signing_key')
        self._key = SigningKey.load(Path(path)) if path else None
        self._region = region_from(self.parameter('region'))
        self._names = self._pipeline.model.network.class_names
        self._inbox: deque[Callable[[], None]] = deque(maxlen=MAX_WAITING)
        self._arrived = threading.Event()
        self._n_decisions = self._n_rejected = 0
        self._trouble, self._retry_s = '', 0.0
        self._weights = self.create_publisher(UInt8MultiArray, 'weights', LATCHED)
        self._decisions = self.create_publisher(DiagnosticArray, 'decisions', RELIABLE)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', RELIABLE)
        self.create_service(SetBool, '~/freeze', self._on_freeze)
        self.create_service(Trigger, '~/rollback', self._on_rollback)
        self.on_live_parameter()
        self._publish_weights()

    def activate(self) -> None:
        """Begin to listen."""
        qos = image_qos(self.parameter('image_reliable'), depth=5)
        self._listening = [
            self.create_subscription(Image, 'image_raw', self._later(self._take_image), qos),
            self.create_subscription(
                Classification, 'label', self._later(self._take_label), RELIABLE
            ),
            self.create_subscription(
                DiagnosticArray, 'drift', self._later(self._take_drift), RELIABLE
            ),
        ]
        self._timer = self.create_timer(1.0, self._tell_diagnostics)
        self._worker: Worker | None = Worker(self._work)

    def deactivate(self) -> None:
        """Stop listening and let the work in hand end."""
        worker = getattr(self, '_worker', None)
        if worker is None:
            return
        for subscription in self._listening:
            self.destroy_subscription(subscription)
        self.destroy_timer(self._timer)
        worker.stop()
        self._worker = None

    def on_live_parameter(self) -> None:
        """Take over `freeze` and `min_gain`."""
        self._pipeline.frozen = self.parameter('freeze')
        self._pipeline.gate = replace(self._pipeline.gate, min_gain=self.parameter('min_gain'))

    def _later(self, take: Callable[[Message], None]) -> Callable[[Message], None]:
        """Return a callback that leaves the message to the worker; the oldest gives way."""

        def put(message: Message) -> None:
            self._inbox.append(partial(take, message))
            self._arrived.set()

        return put

    def _work(self) -> None:
        self._arrived.wait(WAIT_S)
        self._arrived.clear()
        while self._inbox:
            try:
                self._inbox.popleft()()
            except UsageError as error:
                self._n_rejected += 1
                self.get_logger().warning(
                    f'message rejected: {error}', throttle_duration_sec=WARN_EVERY_S
                )
        if time.monotonic() < self._retry_s:
            return
        try:
            decision = self._pipeline.step()
            self._trouble = ''
        except UsageError as error:
            self._trouble, self._retry_s = str(error), time.monotonic() + RETRY_S
            self.get_logger().error(
                f'learning pauses: {error}', throttle_duration_sec=WARN_EVERY_S
            )
            return
        if decision is not None:
            self._tell(decision)

    def _take_image(self, message: Image) -> None:
        frame = convert.frame_from(message)
        shape = self._pipeline.model.network.input_shape
        self._pipeline.on_frame(frame.stamp_ns, network_input(frame.image, shape, self._region))

    def _take_label(self, message: Classification) -> None:
        label = convert.label_in(message, self._names)
        self._pipeline.on_label(convert.stamp_ns(message.header.stamp), label)

    def _take_drift(self, message: DiagnosticArray) -> None:
        self._pipeline.on_drift(convert.detection_in(message))

    def _tell(self, decision: Decision) -> None:
        """Publish what was decided, and the weights where they have changed."""
        self._n_decisions += 1
        now = self.get_clock().now().nanoseconds
        values = {name: str(value) for name, value in decision.to_dict().items()}
        verdict = 'accepted' if decision.accepted else 'refused'
        text = f'{decision.rung} {verdict}: {decision.reason}'
        self.get_logger().info(
            f'{text} ({decision.n_evaluations} evaluations, {decision.seconds:.2f} s)'
        )
        self._decisions.publish(convert.diagnostics('decision', text, convert.OK, values, now))
        if self._pipeline.weights.version != self._published:
            self._publish_weights()

    def _publish_weights(self) -> None:
        self._published = self._pipeline.weights.version
        now = self.get_clock().now().nanoseconds
        self._weights.publish(convert.bytes_message(self._pipeline.update(now).encode(self._key)))

    def _tell_diagnostics(self) -> None:
        now = self.get_clock().now().nanoseconds
        values = {
            'state': self._pipeline.state,
            'version': self._pipeline.weights.version,
            'decisions': str(self._n_decisions),
            'messages_waiting': str(len(self._inbox)),
            'messages_rejected': str(self._n_rejected),
            'updater': self.parameter('updater'),
        }
        name = f'{self.get_fully_qualified_name()}: learning'
        trouble = self._trouble
        text = f'learning pauses: {trouble}' if trouble else self._pipeline.state
        level = convert.ERROR if trouble else convert.OK
        self._diagnostics.publish(convert.diagnostics(name, text, level, values, now))

    def _on_freeze(self, request: SetBool.Request, response: SetBool.Response) -> object:
        answer = self.set_parameters([Parameter('freeze', value=bool(request.data))])[0]
        response.success, response.message = answer.successful, answer.reason
        return response

    def _on_rollback(self, request: Trigger.Request, response: Trigger.Response) -> object:
        """Leave the roll-back to the worker: it owns the pipeline."""
        self._inbox.append(lambda: self._tell(self._pipeline.roll_back('ordered by a person')))
        self._arrived.set()
        response.success, response.message = True, 'the version before this one is coming back'
        return response


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Adaptation)


if __name__ == '__main__':
    sys.exit(main())
