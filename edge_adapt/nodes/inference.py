"""The fast path as a node: images in; classifications, drift events and the running model out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import sys
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray
from edge_adapt.errors import UsageError
from edge_adapt.nodes import convert
from edge_adapt.nodes._diagnostics import Diagnostics, Frames
from edge_adapt.nodes._faults import Faults
from edge_adapt.nodes._image_input import ImageInput, LIVE, WARN_EVERY_S
from edge_adapt.nodes._inference_status import InferenceStatus
from edge_adapt.nodes._input_watch import InputWatch
from edge_adapt.nodes._jumps import Jumps
from edge_adapt.nodes._latency import Latency
from edge_adapt.nodes._lifecycle import EdgeNode, run
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
from edge_adapt.nodes._votes import Votes
from edge_adapt.nodes._weights_input import WeightsInput
from edge_adapt.nodes._worker import Worker
from edge_adapt.overlay import GREEN, overlay, RED
from edge_adapt.parameter import Value
from edge_adapt.pipeline.assembly import detector_from, inference_from
from edge_adapt.pipeline.inference import Inference as Pipeline
from edge_adapt.pipeline.inference import Result
from edge_adapt.pipeline.newest_slot import Counts, NewestSlot
from edge_adapt.records import Frame
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import Image
from std_msgs.msg import Float32
from std_srvs.srv import Trigger
from vision_msgs.msg import Classification, LabelInfo, VisionInfo

WAIT_S = 0.2


class Inference(EdgeNode):
    """Classifies the newest frame; swaps weights between two frames."""

    kind: ClassVar[str] = 'inference'

    def configure(self) -> None:
        """Load the model, warm up, and make the publishers."""
        self._pipeline: Pipeline = inference_from(self.parameter)
        self._names: tuple[str, ...] = ()
        self._slot: NewestSlot[Any] = NewestSlot()
        self._input = ImageInput(self, self._slot.put)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._weights = WeightsInput(self, self._pipeline, self._steady_ns)
        self._frames = Frames(self._steady_ns)
        self._watch = InputWatch(self._input.topic, self._steady_ns, self.get_logger().warning)
        self._jumps = Jumps(self.get_clock())
        self.until_unconfigured.callback(self._jumps.close)
        self._latency = Latency()
        self._faults = Faults(self)
        self.n_swaps = 0
        self._classification = self.create_publisher(Classification, 'classification', RELIABLE)
        self._votes = Votes(self)
        self._score = self.create_publisher(Float32, 'drift_score', RELIABLE)
        self._drift = self.create_publisher(DiagnosticArray, 'drift', RELIABLE)
        self._model = self.create_publisher(VisionInfo, 'model', LATCHED)
        self._labels = self.create_publisher(LabelInfo, 'label_info', LATCHED)
        self._picture = self.create_publisher(Image, '~/debug_image', image_qos(reliable=False))
        self.create_service(Trigger, '~/reset_detector', self._on_reset_detector)
        self.status = InferenceStatus(
            self, self._pipeline, self._slot, self._watch, self._frames, self._latency
        )
        self._diagnostics = Diagnostics(
            self, self._pipeline.model.digest[:16], self.status.tasks()
        )
        self._tell_names(self._pipeline.class_names, self._now_ns())
        self._told = self._pipeline.version
        self._stamp_ns = self._now_ns()
        self._tell_model(self._stamp_ns)

    def activate(self) -> None:
        """Begin to listen."""
        self.until_inactive.callback(self._diagnostics.publish)
        self._worker = Worker(self._work, self.fail)
        self.until_inactive.callback(self._worker.stop)
        self._weights.open(self.until_inactive)
        self._votes.open()
        self._input.open()
        self.until_inactive.callback(self._input.close)

    def check_live(self, name: str, value: Value) -> None:
        """Raise UsageError where there is no such detector on this machine."""
        if name == 'detector':
            detector_from(str(value), self.parameter, self._pipeline.model)

    def on_live(self, names: Iterable[str]) -> None:
        """Take over the detector, and how images are asked for."""
        if 'detector' in names:
            model = self._pipeline.model
            detector = detector_from(self.parameter('detector'), self.parameter, model)
            self._pipeline.watch_with(detector)
        if set(names) & set(LIVE):
            self._input.reopen()

    @property
    def version(self) -> str:
        """Return the version of the weights that run."""
        return self._pipeline.version

    @property
    def busy_s(self) -> float:
        """Return for how many seconds the frame in hand has been."""
        return self._worker.busy_s if self.state == 'active' else 0.0

    @property
    def counts(self) -> Counts:
        """Return what became of the frames."""
        return self._slot.counts

    @property
    def refusals(self) -> Mapping[str, int]:
        """How many weight updates were refused, by cause."""
        return self._weights.refusals

    def _steady_ns(self) -> int:
        return int(self._steady.now().nanoseconds)

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _work(self) -> None:
        message = self._slot.take(WAIT_S)
        self._heed_jumps()
        if message is None:
            names = self._pipeline.class_names
            self._heed_swap(self._pipeline.version, names, self._stamp_ns + 1)
            return
        self._faults.next()
        try:
            frame = self._input.frame_from(message)
            self._pipeline.region = self._input.region
            image = self._pipeline.input_of(frame)
            result = self._pipeline.on_input(frame, image)
        except UsageError as error:
            self.status.rejection = str(error)
            self._slot.reject()
            self.get_logger().warning(
                f'frame rejected: {error}', throttle_duration_sec=WARN_EVERY_S
            )
            return
        self._tell(frame, result)
        self._votes.tell(frame, image, result, self._pipeline)
        self._slot.done()

    def _heed_swap(self, version: str, names: tuple[str, ...], stamp_ns: int) -> None:
        """
        Tell of a version when the first frame was answered by it, or when no frame comes.

        `model` bears that frame's stamp, or one just after the last frame's: an answer is by the
        last version whose stamp is not later than its own.
        """
        if version == self._told:
            return
        self._told = version
        self.n_swaps += 1
        self._tell_model(stamp_ns)
        self._tell_names(names, stamp_ns)
        self.get_logger().info(f'swap {self.n_swaps}: version {version} runs')

    def _heed_jumps(self) -> None:
        """Forget what was measured before time was set; nothing is ever learned from a jump."""
        if self._jumps.taken():
            self._pipeline.reset_detector()
            self._latency.clear()
            self.get_logger().warning('time has jumped: the detector starts anew')

    def _tell(self, frame: Frame, result: Result) -> None:
        """Publish what came of a frame."""
        self._stamp_ns = frame.stamp_ns
        self._heed_swap(result.prediction.version, result.class_names, frame.stamp_ns)
        self._classification.publish(
            convert.classification_from(result.prediction, result.class_names)
        )
        self._score.publish(Float32(data=result.statistic))
        age_ns = self._now_ns() - frame.stamp_ns
        self._latency.add(age_ns)
        self._frames.seen(age_ns)
        self._watch.seen()
        self.status.statistic = result.statistic
        if result.detection is not None:
            detection = result.detection
            self._drift.publish(convert.detection_status(detection))
            self.get_logger().info(
                f'drift: {detection.detector} saw the {detection.group} change, statistic'
                f' {detection.statistic:.1f} over {detection.threshold:.1f}'
            )
        if self._picture.get_subscription_count():
            self._publish_picture(frame, result)

    def _publish_picture(self, frame: Frame, result: Result) -> None:
        prediction = result.prediction
        lines = (
            f'{result.class_names[prediction.label]}  {prediction.confidence:.2f}',
            f'{self.parameter("engine")}  {prediction.version[:8]}',
            f'drift {result.statistic:.2f}',
        )
        colour = RED if result.statistic > 1 else GREEN
        picture = overlay(frame.image, lines, colour, self._pipeline.region)
        self._picture.publish(convert.image_from(picture, frame.stamp_ns, frame.frame_id))

    def _on_reset_detector(self, request: Trigger.Request, response: Trigger.Response) -> object:
        self._pipeline.reset_detector()
        response.success, response.message = True, 'the detector starts anew'
        return response

    def _tell_names(self, names: tuple[str, ...], stamp_ns: int) -> None:
        """Tell which classes there are, where they are others than before."""
        if names != self._names:
            self._names = names
            self._labels.publish(convert.label_info(names, stamp_ns))

    def _tell_model(self, stamp_ns: int) -> None:
        method = f'{self._pipeline.model.network.name} on {self.parameter("engine")}'
        info = convert.model_info(self._told, self.n_swaps, method, stamp_ns)
        self._model.publish(info)


def main() -> int:
    """Run the node; the exit status is the return value."""
    return run(Inference)


if __name__ == '__main__':
    sys.exit(main())
