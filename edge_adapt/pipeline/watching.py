"""One pass of a prepared network: integer logits, logits, and the features detectors watch."""

from __future__ import annotations

from math import prod

from edge_adapt.engines import Infer, summing
from edge_adapt.networks.network import Network
from edge_adapt.records import F32, I32, U8
from edge_adapt.signals import Features, FrameSignals
import numpy as np


class Watching:
    """
    Runs network inputs and gathers their signals; all that can be made ready, is.

    Watched are the first layer of bits or levels, and the one the head reads. The engine's one
    pass gives the logits and the sums of these layers that the signals are made of.
    """

    def __init__(self, network: Network, infer: Infer) -> None:
        layers = (network.recalibrated[0].name, network.recalibrated[-1].name)
        shapes = [network.shapes[name] for name in layers]
        self.layers: tuple[str, str] = layers
        self.infer, self.class_names = infer, network.class_names
        self._sums = summing(infer)
        self._scale = np.float32(infer.weights[f'{network.head.name}.scale'])
        self._signals = FrameSignals(
            widths=(shapes[0][-1], shapes[1][-1]),
            n_places=(prod(shapes[0][:-1]), prod(shapes[1][:-1])),
        )

    def __call__(self, images: U8) -> tuple[I32, F32, Features]:
        """Run images (n, h, w, c); return integer logits and logits (n, classes), and features."""
        outcome = self._sums(images, self.layers)
        logits = np.multiply(outcome.logits, self._scale, dtype=np.float32)
        first, last = self.layers
        features = self._signals(images, outcome.taps[first], outcome.taps[last], logits)
        return outcome.logits, logits, features
