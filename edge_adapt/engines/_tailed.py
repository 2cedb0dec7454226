"""
A network whose last layers the native kernels do not know: they run the rest of it.

What the tail reads of the layers before comes back from the same native call; NumPy does the tail,
with the same integers as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
import math

from edge_adapt.bits import pack_words
from edge_adapt.engines import Infer, Outcome
from edge_adapt.engines._native_layers import is_native
from edge_adapt.engines._packed import Bits, PackedInfer, plain, Value
from edge_adapt.networks.layers import Head
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.records import Array, U8, Weights
import numpy as np

_END = 'end of the native part'


@lru_cache(maxsize=64)
def native_part(network: Network) -> Network | None:
    """
    Return the layers up to the last bits before the first layer the kernels do not know.

    A head without weights closes it. None where there are no such bits, or no such layer.
    """
    layers = network.layers
    for n in range(len(layers) - 1, 0, -1):
        name = layers[n - 1].name
        if network.kinds[name] == 'bits':
            n_in = math.prod(network.shapes[name])
            end = Head(name=_END, sources=(name,), n_in=n_in, n_classes=1)
            part = Network(network.name, network.input_shape, (*layers[:n], end), ('none',))
            if is_native(part):
                return part
    return None


@dataclass(frozen=True)
class TailedInfer:
    """Runs the native part, then the tail of `whole`, which has a step for every layer."""

    part: Infer
    names: frozenset[str]
    whole: PackedInfer

    @property
    def weights(self) -> Weights:
        """Return the weights of the whole network."""
        return self.whole.weights

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """Run images (n, height, width, channels) uint8."""
        network = self.whole.network
        tail = [layer.name for layer in network.layers if layer.name not in self.names]
        read = {source for name in tail for source in network.sources[name]} - {INPUT}
        needed = sorted((read | set(taps)) & self.names)
        known = self.part(images, needed).taps
        values: dict[str, Value] = {INPUT: images}
        values |= {name: self._value(name, array) for name, array in known.items()}
        for name in tail:
            sources = (values[source] for source in network.sources[name])
            values[name] = self.whole.steps[name](*sources)
        logits = plain(values[network.head.name])
        return Outcome(logits, {name: plain(values[name]) for name in taps})

    def _value(self, name: str, array: Array) -> Value:
        is_bits = self.whole.network.kinds[name] == 'bits'
        return Bits(pack_words(array), array.shape[-1]) if is_bits else array


def tailed(
    part: Network, whole: PackedInfer, prepare: Callable[[Network, Weights], Infer]
) -> TailedInfer:
    """Return a runner of the native part and the tail; `prepare` makes the first ready."""
    n_in = part.head.n_in
    end: dict[str, Array] = {
        f'{_END}.weights': np.zeros((1, n_in), np.int8),
        f'{_END}.bias': np.zeros(1, np.int32),
        f'{_END}.scale': np.ones((), np.float32),
    }
    names = frozenset(layer.name for layer in part.layers[:-1])
    known = {k: v for k, v in whole.weights.items() if k.rpartition('.')[0] in names}
    return TailedInfer(prepare(part, Weights({**known, **end})), names, whole)
