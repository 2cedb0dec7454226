"""
The accelerator's RTL in a simulator: what it cannot answer, the CPU answers.

The simulator is a process of its own (`_supervised.py`). Where it dies, hangs or answers wrongly,
frames are answered by `popcount` at once while it is started again; every few frames one is
computed by both. Sums before a threshold never leave the accelerator: the CPU gives those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import time

from edge_adapt.engines import Infer, Outcome
from edge_adapt.engines._accelerator import frame_words, geometry_of, parameter_image
from edge_adapt.engines._learner import Learner
from edge_adapt.engines._simulator import SimulatorLostError
from edge_adapt.engines._supervised import Supervised
from edge_adapt.engines.popcount import Popcount
from edge_adapt.engines.reference import check_images, check_taps
from edge_adapt.networks.model import check_weights
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8, Weights
import numpy as np

N_GOLDEN = 4  # frames a version must answer rightly before it is selected
CHECK_EVERY = 16  # frames: one of them is computed by the CPU too
TIMEOUT_S = 0.8


class RtlCosim:
    """
    Prepares networks for the accelerator; one engine is one accelerator.

    lanes: the width P of the XNOR array. Raises UsageError in `prepare` where the network is not
    one the accelerator runs, or its simulator is not built.
    """

    def __init__(
        self,
        lanes: int = 128,
        timeout_s: float = TIMEOUT_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes, self._timeout_s, self._clock_s = lanes, timeout_s, clock_s
        self._cpu = Popcount()
        self._accelerator: Supervised | None = None

    def prepare(self, network: Network, weights: Weights) -> Infer:
        """Write the weights to the idle bank and check them; UsageError where they do not fit."""
        check_weights(network, weights)
        geometry = geometry_of(network, weights, self._lanes)
        if self._accelerator is None or self._accelerator.geometry != geometry:
            self.close()
            self._accelerator = Supervised(geometry, self._timeout_s, self._clock_s)
        infer = RtlInfer(network, weights, self._accelerator, self._cpu.prepare(network, weights))
        infer.load()
        return infer

    def learner(self, network: Network, weights: Weights) -> Learner:
        """Return what runs updates of `network` on a simulated accelerator of its own."""
        check_weights(network, weights)
        return Learner(network, weights, self._lanes)

    @property
    def accelerator(self) -> Supervised:
        """Return the accelerator that the latest prepared version is on."""
        assert self._accelerator is not None, 'nothing was prepared'
        return self._accelerator

    def report(self) -> Mapping[str, str]:
        """Return what diagnostics should say of the accelerator."""
        return {} if self._accelerator is None else self._accelerator.report()

    def news(self) -> list[str]:
        """Return the sentences to log since the last call."""
        return [] if self._accelerator is None else self._accelerator.news()

    def close(self) -> None:
        """End the simulator."""
        if self._accelerator is not None:
            self._accelerator.close()
            self._accelerator = None


class RtlInfer:
    """One version of the weights on the accelerator, and its twin on the CPU."""

    def __init__(
        self, network: Network, weights: Weights, accelerator: Supervised, twin: Infer
    ) -> None:
        self._network, self._weights, self._twin = network, weights, twin
        self._accelerator = accelerator
        self.image = parameter_image(network, weights, accelerator.geometry.lanes)
        # Of those before the fully connected layers nothing is told.
        n_layers = len(accelerator.geometry.widths) - 1
        self._layers = [layer.name for layer in network.thresholds[-n_layers:]]
        self._n_calls = 0

    @property
    def weights(self) -> Weights:
        """Return the weights it was prepared with."""
        return self._weights

    @property
    def kernel(self) -> str:
        """Return what computes now."""
        return 'simulated RTL' if self._accelerator.is_running else 'the CPU in its place'

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """Run images (n, height, width, channels) uint8."""
        check_images(self._network, images)
        check_taps(self._network, taps)
        others = [name for name in taps if name not in self._layers]
        bits = len(others) < len(taps)
        answer = self._accelerator.run(self, self.words(images), bits) if len(images) else None
        if answer is None:
            return self._twin(images, taps)
        values = dict(zip(self._layers, answer.bits, strict=False))
        outcome = Outcome(answer.logits, {name: values[name] for name in taps if name in values})
        self._n_calls += 1
        if others or self._n_calls % CHECK_EVERY == 1:
            twin = self._twin(images, taps)
            if not _equal(outcome, twin):
                self._accelerator.fail(SimulatorLostError('the accelerator gave a wrong answer'))
                return twin
            outcome = Outcome(outcome.logits, {name: twin.taps[name] for name in taps})
        return outcome

    def words(self, images: U8) -> U8:
        """Return what the accelerator reads of images."""
        lanes = self._accelerator.geometry.lanes
        return frame_words(self._network, self._weights, images, lanes)

    def golden(self) -> tuple[U8, Array]:
        """Return frames and the logits that they must give, by the CPU."""
        shape = (N_GOLDEN, *self._network.input_shape)
        images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
        return self.words(images), self._twin(images).logits

    def load(self) -> None:
        """Bring the weights to a bank, so that the first frame finds them there."""
        self._accelerator.load(self)


def _equal(a: Outcome, b: Outcome) -> bool:
    return bool(np.array_equal(a.logits, b.logits)) and all(
        np.array_equal(a.taps[name], b.taps[name]) for name in a.taps
    )
