"""The fast path as a node: images in; classifications, drift events and the running model out."""

from __future__ import annotations

from pathlib import Path
import sys
import time
from typing import ClassVar

from diagnostic_msgs.msg import DiagnosticArray
from edge_adapt.errors import UsageError
from edge_adapt.nodes import convert
from edge_adapt.nodes._latency import Latency
from edge_adapt.nodes._lifecycle import EdgeNode, run, Worker
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
from edge_adapt.pipeline.assembly import inference_from
from edge_adapt.pipeline.inference import Inference as Pipeline
from edge_adapt.pipeline.newest_slot import Counts, NewestSlot
from edge_adapt.store.intake import Intake
from edge_adapt.store.signing import PublicKey, Trust
from edge_adapt.store.weight_store import WeightStore
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import Image
from std_msgs.msg import Float32, UInt8MultiArray
from std_srvs.srv import Trigger
from vision_msgs.msg import Classification, VisionInfo

WAIT_S = 0.2
WARN_EVERY_S = 5.0


class Inference(EdgeNode):
    """Classifies the newest frame; swaps weights between two frames."""

    kind: ClassVar[str] = 'inference'

    def configure(self) -> None:
        """Load the model, warm up, and make the publishers."""
        self._pipeline: Pipeline = inference_from(self.parameter)
        self._intake = self._make_intake()
        self._names = self._pipeline.model.network.class_names
        self._slot: NewestSlot[Image] = NewestSlot()
        self._latency = Latency()
        self._worker: Worker | None = None
        self._n_swaps = 0
        self._statistic = 0.0
        self._input_lost = False
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._last_frame_ns = self._steady_ns()
        self._classification = self.create_publisher(Classification, 'classification', RELIABLE)
        self._score = self.create_publisher(Float32, 'drift_score', RELIABLE)
        self._drift = self.create_publisher(DiagnosticArray, 'drift', RELIABLE)
        self._model = self.create_publisher(VisionInfo, 'model', LATCHED)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', RELIABLE)
        self.create_service(Trigger, '~/reset_detector', self._on_reset_detector)
        self._tell_model()

    def activate(self) -> None:
        """Begin to listen."""
        qos = image_qos(self.parameter('image_reliable'))
        self._listening = [
            self.create_subscription(Image, 'image_raw', self._slot.put, qos),
            self.create_subscription(UInt8MultiArray, 'weights', self._on_weights, LATCHED),
        ]
        self._timer = self.create_timer(1.0, self._tell_diagnostics)
        self._worker = Worker(self._work)

    def deactivate(self) -> None:
        """Stop listening and let the frame in hand end."""
        worker = getattr(self, '_worker', None)
        if worker is None:
            return
        for subscription in self._listening:
            self.destroy_subscription(subscription)
        self.destroy_timer(self._timer)
        worker.stop()
        self._worker = None
        self._tell_diagnostics()

    @property
    def version(self) -> str:
        """The version of the weights that run."""
        return self._pipeline.version

    @property
    def counts(self) -> Counts:
        """What became of the frames."""
        return self._slot.counts

    @property
    def n_refused(self) -> int:
        """How many weight updates were refused."""
        return self._intake.refusals.total()

    def _steady_ns(self) -> int:
        return int(self._steady.now().nanoseconds)

    def _work(self) -> None:
        message = self._slot.take(WAIT_S)
        if message is None:
            return
        try:
            result = self._pipeline.on_frame(convert.frame_from(message))
        except UsageError as error:
            self._slot.reject()
            self.get_logger().warning(
                f'frame rejected: {error}', throttle_duration_sec=WARN_EVERY_S
            )
            return
        self._classification.publish(convert.classification_from(result.prediction, self._names))
        self._score.publish(Float32(data=result.statistic))
        self._slot.done()
        self._latency.add(self.get_clock().now().nanoseconds - result.prediction.stamp_ns)
        self._last_frame_ns = self._steady_ns()
        self._statistic = result.statistic
        if result.detection is not None:
            detection = result.detection
            self._drift.publish(convert.detection_status(detection))
            self.get_logger().info(
                f'drift: {detection.detector} saw the {detection.group} change, statistic'
                f' {detection.statistic:.1f} over {detection.threshold:.1f}'
            )

    def _on_weights(self, message: UInt8MultiArray) -> None:
        answer = self._intake.offer(
            message.data, self._pipeline.weights, time.time_ns(), self._steady_ns()
        )
        if answer.is_first:
            self.get_logger().error(
                f'weights refused, the running ones stay: {answer.reason} (more for this cause,'
                f' {answer.cause}, are only counted)'
            )
        if answer.weights is None or answer.weights.version == self._pipeline.version:
            return
        self._pipeline.use(answer.weights)
        self._n_swaps += 1
        self._tell_model()
        self.get_logger().info(f'swap {self._n_swaps}: version {self._pipeline.version} runs')

    def _make_intake(self) -> Intake:
        """Return the door for weights; say loudly where it is open to anybody, or to nobody."""
        path, folder = self.parameter('trusted_key'), self.parameter('store')
        model = self._pipeline.model
        if self.parameter('allow_unsigned'):
            self.get_logger().warning(
                'allow_unsigned is true: weights are taken from ANYBODY who can reach this topic'
            )
        elif not path:
            self.get_logger().warning(
                'neither trusted_key nor allow_unsigned is set: every weight update is refused'
            )
        trust = Trust.of(
            [PublicKey.load(Path(path))] if path else [], self.parameter('allow_unsigned')
        )
        return Intake(model, trust, WeightStore(folder, model).state.number if folder else 0)

    def _on_reset_detector(self, request: Trigger.Request, response: Trigger.Response) -> object:
        self._pipeline.reset_detector()
        response.success, response.message = True, 'the detector starts anew'
        return response

    def _tell_model(self) -> None:
        now = self.get_clock().now().nanoseconds
        method = f'{self._pipeline.model.network.name} on {self.parameter("engine")}'
        self._model.publish(convert.model_info(self._pipeline.version, self._n_swaps, method, now))

    def _tell_diagnostics(self) -> None:
        """Publish rates, latencies and counters; say so where no frames come."""
        silent_s = (self._steady_ns() - self._last_frame_ns) / 1e9
        lost = silent_s > self.parameter('input_timeout_s')
        counts = self._slot.counts
        values = {
            **{name: str(value) for name, value in counts.to_dict().items()},
            'latency_p50_ms': f'{self._latency.percentile_ms(50):.3f}',
            'latency_p99_ms': f'{self._latency.percentile_ms(99):.3f}',
            'drift_statistic': f'{self._statistic:.4f}',
            'version': self._pipeline.version,
            'swaps': str(self._n_swaps),
            'weights_refused': str(self.n_refused),
            **{f'refused_{cause}': str(n) for cause, n in self._intake.refusals.items()},
            'model_digest': self._pipeline.model.digest[:16],
            'engine': self.parameter('engine'),
        }
        topic = self.resolve_topic_name('image_raw')
        text = f'no frames for {silent_s:.0f} s on {topic}' if lost else 'frames are coming'
        level = convert.WARN if lost else convert.OK
        now = self.get_clock().now().nanoseconds
        name = f'{self.get_fully_qualified_name()}: input'
        self._diagnostics.publish(convert.diagnostics(name, text, level, values, now))
        if lost and not self._input_lost and counts.received:
            self.get_logger().warning(
                f'{text}: is the camera still running? Results resume with the next frame'
            )
        if lost and not self._input_lost and not counts.received:
            self.get_logger().info(f'waiting for the first frame on {topic}')
        self._input_lost = lost


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Inference)


if __name__ == '__main__':
    sys.exit(main())
