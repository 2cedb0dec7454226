"""
The fast engine: signs packed 64 to a word, xor and popcount instead of multiply and add.

C++ kernels (cpp/) run a whole batch in one call; where they were not built, or where a network has
a layer they do not know, the same words are worked through in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from math import prod
from types import MappingProxyType
from typing import Any, cast
import weakref

from edge_adapt import native
from edge_adapt.engines import DTYPES, Infer, Outcome
from edge_adapt.engines._native_layers import is_native
from edge_adapt.engines._packed import prepare as prepare_packed
from edge_adapt.engines._program import PackedTensor, Program
from edge_adapt.engines._tailed import native_part, tailed
from edge_adapt.engines.reference import check_images, check_taps
from edge_adapt.networks.float_layers import Scale
from edge_adapt.networks.layers import Layer, Quantize, Threshold
from edge_adapt.networks.model import check_weights
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8, Weights
from edge_adapt.signals import channel_sums
import numpy as np

# Made once, because every frame needs them: an int32, and Outcome(logits) less its defaults.
_INT32 = np.dtype(np.int32)
_NO_TAPS: Mapping[str, Array] = MappingProxyType({})
_outcome = cast(Callable[[tuple[Any, ...]], Outcome], partial(tuple.__new__, Outcome))


class Popcount:
    """The same integers as the reference, bit for bit."""

    def prepare(self, network: Network, weights: Weights) -> Infer:
        """
        Return a runner; UsageError where the weights do not fit the network.

        Weights that share tensors with weights prepared before share what was packed of them, so
        new thresholds or a new head cost microseconds.
        """
        check_weights(network, weights)
        kernel = native.kernel()
        if kernel == native.NUMPY:
            return prepare_packed(network, weights)
        if not is_native(network):
            part, whole = native_part(network), prepare_packed(network, weights)
            return whole if part is None else tailed(part, whole, self.prepare)
        try:
            return NativeInfer(kernel, network, weights)
        except ValueError as error:
            if 'must be +-1' not in str(error):
                raise
            return prepare_packed(network, weights)


class NativeInfer:
    """A network made ready for the native kernels. Any number of threads may call it."""

    def __init__(self, kernel: str, network: Network, weights: Weights) -> None:
        self.kernel, self.network, self.weights = kernel, network, weights
        self._n_classes = network.head.n_classes
        self._runners: dict[tuple[str, ...], Any] = {}
        self._summers: dict[tuple[str, ...], tuple[Any, dict[str, int]]] = {}
        self._run = self._runner(()).run

    @property
    def n_bytes(self) -> int:
        """Bytes of packed weights, limits and the buffers of one run."""
        return int(self._runner(()).n_bytes)

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """Run images (n, height, width, channels) uint8 in one native call."""
        if not taps:
            try:  # the way of every frame asks nothing that the kernels ask
                logits = np.empty((len(images), self._n_classes), _INT32)
                self._run(images, logits, ())
                return _outcome((logits, _NO_TAPS))
            except (TypeError, ValueError):
                pass  # what is wrong is said below; what lies in pieces is copied
        logits = np.empty((len(images), self._n_classes), _INT32)
        return Outcome(logits, self._tapped(images, logits, taps))

    def values(self, images: U8, names: Sequence[str]) -> Mapping[str, Array]:
        """Run images up to the last of these layers; return their values."""
        return self._tapped(images, None, names)

    def _tapped(self, images: U8, logits: Array | None, taps: Sequence[str]) -> dict[str, Array]:
        check_images(self.network, images)
        check_taps(self.network, taps)
        names = tuple(dict.fromkeys(taps))
        tapped = [self._room_for(name, len(images)) for name in names]
        flat = tuple(array.reshape(len(array), prod(array.shape[1:])) for array in tapped)
        self._runner(names).run(np.ascontiguousarray(images), logits, flat)
        return dict(zip(names, tapped, strict=True))

    def sums(self, images: U8, names: Sequence[str]) -> Outcome:
        """Run images; the taps are the sums of each channel's bits or levels over their places."""
        if any(self.network.kinds.get(name) == 'levels' for name in names):
            outcome = self(images, names)
            return Outcome(outcome.logits, {k: channel_sums(outcome.taps[k]) for k in names})
        check_images(self.network, images)
        names = tuple(names)
        runner, widths = self._summers.get(names) or self._summer(names)
        n = len(images)
        logits = np.empty((n, self._n_classes), _INT32)
        totals = {name: np.empty((n, width), np.int32) for name, width in widths.items()}
        runner.sums(np.ascontiguousarray(images), logits, tuple(totals.values()))
        return Outcome(logits, totals)

    def _summer(self, names: tuple[str, ...]) -> tuple[Any, dict[str, int]]:
        check_taps(self.network, names)
        widths = {name: self.network.shapes[name][-1] for name in names}
        self._summers[names] = self._runner(tuple(widths)), widths
        return self._summers[names]

    def _room_for(self, name: str, n: int) -> Array:
        kind = DTYPES[self.network.kinds[name]]
        return np.empty((n, *self.network.shapes[name]), kind)

    def _runner(self, taps: tuple[str, ...]) -> Any:
        runner = self._runners.get(taps)
        if runner is None:
            runner = self._runners[taps] = self._make_runner(taps)
        return runner

    def _make_runner(self, taps: tuple[str, ...]) -> Any:
        """Return a runner whose steps keep the tapped values; it shares the packed weights."""
        program, plan = _plan(self.kernel, self.network, taps)
        packed = {
            step: _packed(self.kernel, tensor, self.weights[tensor.name])
            for step, tensor in program.weights.items()
        }
        module = native.module()
        assert module is not None
        return module.runner(plan, packed, self.limits(program))

    def limits(self, program: Program) -> dict[int, tuple[Array, Array | None]]:
        """Return what the steps compare with or add: thresholds and flips, or a bias."""
        limits: dict[int, tuple[Array, Array | None]] = {}
        for step, layer in program.limits.items():
            first, second = _LIMITS.get(type(layer), ('bias', None))
            limits[step] = (
                self.weights[f'{layer.name}.{first}'],
                self.weights[f'{layer.name}.{second}'] if second else None,
            )
        return limits


# The tensors of what a step compares with or adds.
_LIMITS: dict[type[Layer], tuple[str, str | None]] = {
    Threshold: ('thresholds', 'flips'),
    Scale: ('slopes', 'intercepts'),
    Quantize: ('offsets', 'steps'),
}


@lru_cache(maxsize=64)
def _plan(kernel: str, network: Network, taps: tuple[str, ...]) -> tuple[Program, Any]:
    program = Program(network, taps)
    module = native.module()
    assert module is not None
    return program, module.plan(kernel, program.values, program.steps, program.tap_ids)


# What was packed of arrays that still live: tensors of weights are read-only, so one array has one
# packed form.
_PACKED: dict[tuple[int, str, PackedTensor], tuple[weakref.ref[Array], Any]] = {}


def _packed(kernel: str, tensor: PackedTensor, array: Array) -> Any:
    key = (id(array), kernel, tensor)
    known = _PACKED.get(key)
    if known is not None and known[0]() is array:
        return known[1]
    module = native.module()
    assert module is not None
    packed = module.pack(kernel, tensor.layout, np.ascontiguousarray(array).reshape(tensor.shape))
    _PACKED[key] = (weakref.ref(array, lambda _: _PACKED.pop(key, None)), packed)
    return packed
