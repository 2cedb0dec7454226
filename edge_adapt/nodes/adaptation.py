"""The learning path as a node, in a process of its own: frames, labels, drift in; weights out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
import shutil
import sys
import time
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray
from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.images import network_input
from edge_adapt.nodes import convert
from edge_adapt.nodes._diagnostics import Diagnostics, Status
from edge_adapt.nodes._faults import Faults, flipped
from edge_adapt.nodes._image_input import ImageInput, LIVE, WARN_EVERY_S
from edge_adapt.nodes._inbox import Inbox, Job
from edge_adapt.nodes._intake import offers_of
from edge_adapt.nodes._jumps import Jumps
from edge_adapt.nodes._lifecycle import EdgeNode, run
from edge_adapt.nodes._process import tidy
from edge_adapt.nodes._qos import LATCHED, RELIABLE
from edge_adapt.nodes._worker import Worker
from edge_adapt.parameter import Value
from edge_adapt.pipeline import ladder
from edge_adapt.pipeline.accelerated import accelerated
from edge_adapt.pipeline.adaptation import Adaptation as Pipeline
from edge_adapt.pipeline.assembly import adaptation_from, learner_of, rungs_from
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.ladder import Rung
from edge_adapt.pipeline.learner import Learner
from edge_adapt.pipeline.limits import Limits
from edge_adapt.store.signing import SigningKey
from rclpy.parameter import Parameter
from std_msgs.msg import UInt8MultiArray
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Classification

WAIT_S = 0.2
Message = Any  # any of those that are listened to
MAX_WAITING = 256  # messages; while a rung is tried, about eight seconds of frames wait
NICE = 10
RETRY_S = 5.0  # after the store refused
LITTLE_SPACE = 64 << 20  # bytes


class Adaptation(EdgeNode):
    """Learns in a thread of low priority; callbacks only put messages into a bounded queue."""

    kind: ClassVar[str] = 'adaptation'
    _learner: Learner | None = None

    def configure(self) -> None:
        """Load the model and the store, and make the publishers."""
        self._pipeline: Pipeline = adaptation_from(self.parameter, time.perf_counter_ns)
        if self.parameter('adapt') == 'accelerator':
            self._learner = learner_of(self._pipeline.model)
            self.until_unconfigured.callback(self._learner.close)
            self._pipeline.rungs = self._rungs()
        path = self.parameter('signing_key')
        self._key = SigningKey.load(Path(path)) if path else None
        self._inbox = Inbox(MAX_WAITING)
        self._n_decisions = self._n_rejected = 0
        self._faults = Faults(self)
        self._trouble, self._retry_s = '', 0.0
        self._last_decision = ''
        self._offers = offers_of(self, self._pipeline.store, self._key)
        self._input = ImageInput(self, self._inbox.later(self._take_image))
        self._jumps = Jumps(self.get_clock())
        self.until_unconfigured.callback(self._jumps.close)
        self._weights = self.create_publisher(UInt8MultiArray, 'weights', LATCHED)
        self._decisions = self.create_publisher(DiagnosticArray, 'decisions', RELIABLE)
        self.create_service(SetBool, '~/freeze', self._on_freeze)
        self.create_service(Trigger, '~/rollback', self._on_rollback)
        self.create_service(Trigger, '~/save', self._on_save)
        tasks = {'learning': self._learning, 'store': self._store}
        self._diagnostics = Diagnostics(self, self._pipeline.model.digest[:16], tasks)
        self.on_live(('freeze', 'min_gain'))
        self._publish_weights()

    def activate(self) -> None:
        """Begin to listen."""
        self.until_inactive.callback(self._diagnostics.publish)
        self.until_inactive.callback(Worker(self._work, self.fail, NICE).stop)
        self._input.open()
        self.until_inactive.callback(self._input.close)
        for kind, topic, take in (
            (Classification, 'label', self._take_label),
            (DiagnosticArray, 'drift', self._take_drift),
            (UInt8MultiArray, 'offered_weights', self._take_offer),
        ):
            self.create_subscription(kind, topic, self._inbox.later(take), RELIABLE)

    def check_live(self, name: str, value: Value) -> None:
        """Raise UsageError where this machine has no such updater, or no such ladder."""
        if name == 'updater':
            registry.load('updaters', str(value))
        if name == 'ladder':
            ladder.check(str(value))
        if name in ('ladder', 'updater') and self._learner is not None:
            self._rungs({name: value})

    def on_live(self, names: Iterable[str]) -> None:
        """Take over what may change while the node runs."""
        self._pipeline.frozen = self.parameter('freeze')
        tools = self._pipeline.tools
        tools.gate = replace(tools.gate, min_gain=self.parameter('min_gain'))
        tools.limits = Limits(self.parameter('max_step'), self.parameter('max_updates_per_hour'))
        if {'ladder', 'updater'} & set(names):
            self._pipeline.rungs = self._rungs()
        if set(names) & set(LIVE):
            self._input.reopen()

    def _rungs(self, changed: Mapping[str, Value] | None = None) -> tuple[Rung, ...]:
        """Return the ladder, with parameters as they would be where some are changed."""
        values = changed or {}
        rungs = rungs_from(
            lambda name: values.get(name, self.parameter(name)), self._pipeline.model
        )
        if self._learner is None:
            return rungs
        return accelerated(rungs, self._learner, self.parameter('seed'))

    def _work(self) -> None:
        self._inbox.wait(WAIT_S)
        self._heed_jumps()
        for job in self._inbox.jobs():
            self._do(job)
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
            tidy()

    def _do(self, job: Job) -> None:
        try:
            job()
        except UsageError as error:
            self._n_rejected += 1
            self.get_logger().warning(
                f'message rejected: {error}', throttle_duration_sec=WARN_EVERY_S
            )

    def _heed_jumps(self) -> None:
        """Forget the frames of before a jump of time: nothing is ever learned from one."""
        if not self._jumps.taken():
            return
        self._inbox.clear()
        self._pipeline.forget()
        self.get_logger().warning('time has jumped: the frames collected so far are forgotten')

    def _take_image(self, message: Message) -> None:
        frame = self._input.frame_from(message)
        shape = self._pipeline.model.network.input_shape
        image = network_input(frame.image, shape, self._input.region)
        self._pipeline.on_frame(frame.stamp_ns, image)

    def _take_label(self, message: Classification) -> None:
        label = self._pipeline.label_of(convert.class_in(message))
        self._pipeline.on_label(convert.stamp_ns(message.header.stamp), label)

    def _take_drift(self, message: DiagnosticArray) -> None:
        self._pipeline.on_drift(convert.detection_in(message))

    def _take_offer(self, message: UInt8MultiArray) -> None:
        """Let weights from outside in to the judge, if they pass the door."""
        answer = self._offers.offer(
            message.data, self._pipeline.weights, time.time_ns(), time.monotonic_ns()
        )
        if answer.is_first:
            self.get_logger().error(
                f'offered weights refused: {answer.reason} (more for this cause, {answer.cause},'
                ' are only counted)'
            )
        if answer.update is not None and answer.weights is not None:
            self._pipeline.on_offer(answer.update, answer.weights)
            self.get_logger().info(
                f'weights {answer.update.version} are offered by {answer.update.producer}: they'
                ' will be judged on the next frames'
            )

    def _tell(self, decision: Decision) -> None:
        """Publish what was decided, and the weights where they have changed."""
        self._n_decisions += 1
        now = self.get_clock().now().nanoseconds
        values = {name: str(value) for name, value in decision.to_dict().items()}
        text = self._last_decision = decision.line
        self.get_logger().info(text)
        self._decisions.publish(convert.diagnostics('decision', text, convert.OK, values, now))
        if self._pipeline.weights.version != self._published:
            self._publish_weights()

    def _publish_weights(self) -> None:
        self._published = self._pipeline.weights.version
        data = self._pipeline.update(self.get_clock().now().nanoseconds).encode(self._key)
        if self._faults.next() == 'corrupt_weights':
            data = flipped(data)
        self._weights.publish(convert.bytes_message(data))

    def _learning(self) -> Status:
        values = {
            'state': self._pipeline.state,
            'version': self._pipeline.weights.version,
            'decisions': str(self._n_decisions),
            'last_decision': self._last_decision,
            'messages_waiting': str(len(self._inbox)),
            'messages_rejected': str(self._n_rejected),
            'offers_refused': str(sum(self._offers.refusals.values())),
            'updater': self.parameter('updater'),
            'adapt': self.parameter('adapt'),
        }
        if self._trouble:
            return convert.ERROR, f'learning pauses: {self._trouble}', values
        return convert.OK, self._pipeline.state, values

    def _store(self) -> Status:
        folder = self._pipeline.store.folder
        if not folder.exists():
            return convert.OK, 'nothing is stored yet', {'folder': str(folder)}
        free = shutil.disk_usage(folder).free
        used = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        values = {'folder': str(folder), 'used_bytes': str(used), 'free_bytes': str(free)}
        if free < LITTLE_SPACE:
            return convert.WARN, f'{free >> 20} MiB are free', values
        return convert.OK, f'{used >> 10} KiB used', values

    def _on_freeze(self, request: SetBool.Request, response: SetBool.Response) -> object:
        answer = self.set_parameters([Parameter('freeze', value=bool(request.data))])[0]
        response.success, response.message = answer.successful, answer.reason
        return response

    def _on_rollback(self, request: Trigger.Request, response: Trigger.Response) -> object:
        """Leave the roll-back to the worker: it owns the pipeline."""
        self._inbox.put(lambda: self._tell(self._pipeline.roll_back('ordered by a person')))
        response.success, response.message = True, 'the version before this one is coming back'
        return response

    def _on_save(self, request: Trigger.Request, response: Trigger.Response) -> object:
        """Write the weights in use as a container: for another robot, or for `edge-adapt`."""
        update = self._pipeline.update(self.get_clock().now().nanoseconds)
        path = self._pipeline.store.folder.parent / f'{update.version}.weights'
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(update.encode())
            response.success, response.message = True, str(path)
        except OSError as error:
            response.success, response.message = False, f'{path}: {error.strerror}'
        return response


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Adaptation)


if __name__ == '__main__':
    sys.exit(main())
