"""An engine that does what the weights say beside the network: front end, classes added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_adapt import front_end
from edge_adapt.engines import Engine, Infer, Outcome, summing, values_of
from edge_adapt.networks.growth import network_of
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8, Weights


@dataclass(frozen=True, slots=True)
class Restoring:
    """Prepares the wrapped engine; where the weights have no front end it is the engine itself."""

    engine: Engine

    def prepare(self, network: Network, weights: Weights) -> Infer:
        """Return a runner; UsageError where the weights or their front end do not fit."""
        infer = self.engine.prepare(network_of(network, weights), weights)
        steps = front_end.steps_of(weights)
        front_end.check(steps, network.input_shape)
        return _RestoringInfer(infer, steps) if steps else infer


@dataclass(frozen=True, slots=True)
class _RestoringInfer:
    infer: Infer
    steps: Mapping[str, Array]

    @property
    def weights(self) -> Weights:
        return self.infer.weights

    @property
    def kernel(self) -> str:
        return str(getattr(self.infer, 'kernel', 'numpy'))

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        return self.infer(front_end.restore(images, self.steps), taps)

    def values(self, images: U8, names: Sequence[str]) -> Mapping[str, Array]:
        return values_of(self.infer, front_end.restore(images, self.steps), names)

    def sums(self, images: U8, names: Sequence[str]) -> Outcome:
        return summing(self.infer)(front_end.restore(images, self.steps), names)
