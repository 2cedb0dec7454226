"""The fast path: a frame in; a prediction, the drift statistic and perhaps a detection out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from edge_adapt import signals
from edge_adapt.drift import DriftDetector
from edge_adapt.engines import Engine
from edge_adapt.images import network_input, Region, WHOLE
from edge_adapt.networks.growth import network_of
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.restoring import Restoring
from edge_adapt.pipeline.stamps import Stamps
from edge_adapt.pipeline.watching import Watching
from edge_adapt.records import Detection, F32, Frame, I64, Observation, Prediction, U8, Weights
import numpy as np


@dataclass(frozen=True, slots=True)
class Result:
    """
    What came of one frame.

    `class_names` are those of the version that answered; `statistic` is the drift statistic over
    its threshold (above 1 is drift); `detection` is None but on the frame that raises an alarm.
    """

    prediction: Prediction
    observation: Observation
    class_names: tuple[str, ...]
    statistic: float = 0.0
    detection: Detection | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What one pass of the network says of a frame: it depends on frame and weights alone."""

    weights: Weights
    scores: F32
    observation: Observation
    class_names: tuple[str, ...]


class Inference:
    """
    Runs frames through one version of the weights at a time.

    `on_frame` belongs to one thread. `use` may be called from any: it makes the new weights ready
    beside the running ones and then replaces one reference, so that a frame sees old or new
    weights, never a mixture, and no frame waits.
    """

    def __init__(
        self,
        model: Model,
        engine: Engine,
        detector: DriftDetector | None = None,
        region: Region = WHOLE,
    ) -> None:
        self.model = model
        self.engine = engine
        self._prepare = partial(Restoring(engine).prepare, model.network)
        self._detector = detector
        self.region = region
        self._stamps = Stamps()
        self._active = self._ready(model.weights)
        self._running: str | None = self.version

    @property
    def weights(self) -> Weights:
        """Return the weights of the next frame."""
        return self._active.infer.weights

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the classes that the next frame may be of."""
        return self._active.class_names

    @property
    def version(self) -> str:
        """Return the version of the weights of the next frame."""
        return self._active.infer.weights.version

    @property
    def kernel(self) -> str:
        """Return what the engine computes with; 'numpy' where it has no kernels of its own."""
        return str(getattr(self._active.infer, 'kernel', 'numpy'))

    def use(self, weights: Weights) -> None:
        """
        Use `weights` from the next frame on.

        Raises UsageError where they do not fit the network; what runs goes on unchanged.
        """
        self._active = self._ready(weights)

    def watch_with(self, detector: DriftDetector) -> None:
        """Use another detector from the next frame on, normal to the weights in use."""
        self._detector, self._running = detector, None

    def reset_detector(self) -> None:
        """Forget the detector's windows: after a clock jump, a gap, or by request."""
        if self._detector is not None:
            self._detector.reset()

    def input_of(self, frame: Frame) -> U8:
        """Return what the network sees of a frame; UsageError where it cannot be cut to that."""
        return network_input(frame.image, self.model.network.input_shape, self.region)

    def classes_of(self, images: U8) -> I64:
        """Return the classes (n,) of network inputs (n, h, w, c), without a look at drift."""
        classes: I64 = self._active.infer(images).logits.argmax(axis=1).astype(np.int64)
        return classes

    def on_frame(self, frame: Frame) -> Result:
        """
        Classify one frame and show it to the drift detector.

        Raises UsageError where the image cannot be cut to the network's input.
        """
        return self.on_input(frame, self.input_of(frame))

    def on_input(self, frame: Frame, image: U8) -> Result:
        """Do the same with what the network sees of the frame, `input_of(frame)`."""
        [look] = self.look(image[np.newaxis], [frame.stamp_ns])
        return self.conclude(frame, look)

    def look(self, images: U8, stamps_ns: Sequence[int]) -> list[Look]:
        """
        Return what the weights in use make of network inputs (n, h, w, c), the same in any batch.

        Nothing is remembered.
        """
        watching = self._active
        weights, names = watching.infer.weights, watching.class_names
        counted, logits, features = watching(images)
        scores, predicted = signals.softmax(logits), counted.argmax(axis=1).tolist()
        seen = zip(stamps_ns, scores, predicted, features.vector, strict=True)
        return [
            Look(weights, own, Observation(stamp_ns, k, signals.Features(vector)), names)
            for stamp_ns, own, k, vector in seen
        ]

    def conclude(self, frame: Frame, look: Look) -> Result:
        """Show the detector what was seen of the next frame, and answer."""
        detector, version = self._detector, look.weights.version
        if self._stamps.jumped(frame.stamp_ns):
            self.reset_detector()
        if version != self._running:
            self._running = version
            if detector is not None:
                detector.rebase(look.weights, version)
        observation = look.observation
        prediction = Prediction(
            frame.stamp_ns, frame.frame_id, observation.predicted, look.scores, version
        )
        if detector is None:
            return Result(prediction, observation, look.class_names)
        # What is normal is known of the model's own classes: one learned since counts as the last.
        n_known = len(self.model.network.class_names)
        if observation.predicted >= n_known:
            observation = replace(observation, predicted=n_known - 1)
        detector.update(observation)
        return Result(
            *(prediction, look.observation, look.class_names),
            *(detector.statistic, detector.detection),
        )

    def _ready(self, weights: Weights) -> Watching:
        network = network_of(self.model.network, weights)
        return Watching(network, self._prepare(weights))
