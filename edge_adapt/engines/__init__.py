"""
What runs a network: prepare once, then infer.

`reference` is right by definition; every other engine gives the same integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8, Weights
from edge_adapt.signals import channel_sums

# Kind of a value -> the type it has outside an engine.
DTYPES = {'bits': 'i1', 'levels': 'i1', 'sums': 'i4', 'logits': 'i4', 'floats': 'f4'}


class Outcome(NamedTuple):
    """
    What a batch gave: `logits` (n, n_classes), and the values of the layers asked for.

    `taps` maps a layer's name to its value: bits as +-1 int8, sums as int32, floats as float32.
    """

    logits: Array
    taps: Mapping[str, Array] = MappingProxyType({})


class Infer(Protocol):
    """A network made ready with one set of weights, which it keeps for life."""

    @property
    def weights(self) -> Weights:
        """Return the weights it was prepared with."""
        ...

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """
        Run images (n, height, width, channels) uint8, C order.

        Raises ValueError naming expected and got where type or shape differ, or where a tap is
        not a layer.
        """
        ...


@runtime_checkable
class Summing(Protocol):
    """A runner that adds up a layer's bits in its pass, so that no map of them is written."""

    def sums(self, images: U8, names: Sequence[str]) -> Outcome:
        """Run images; the taps are the sums of each channel over its places, (n, channels)."""
        ...


def summing(infer: Infer) -> Callable[[U8, Sequence[str]], Outcome]:
    """
    Return what runs images and gives, as taps, the channel sums of layers of bits or levels.

    A tap is (n, channels) int32: whole numbers, the same from every engine.
    """
    if isinstance(infer, Summing):
        return infer.sums

    def sums(images: U8, names: Sequence[str]) -> Outcome:
        outcome = infer(images, names)
        return Outcome(outcome.logits, {k: channel_sums(outcome.taps[k]) for k in names})

    return sums


def values_of(infer: Infer, images: U8, names: Sequence[str]) -> Mapping[str, Array]:
    """
    Return the values of layers, as taps give them.

    A runner with a method `values` of these arguments goes no further than the last of them.
    """
    values: Callable[[U8, Sequence[str]], Mapping[str, Array]] | None
    values = getattr(infer, 'values', None)  # asked for every few images: a Protocol takes longer
    return values(images, names) if values is not None else infer(images, names).taps


class Engine(Protocol):
    """Makes networks ready. Preparing new weights never touches what runs already."""

    def prepare(self, network: Network, weights: Weights) -> Infer:
        """Return a runner; UsageError where the weights do not fit the network."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """An engine that has something to say of itself while it runs."""

    def report(self) -> Mapping[str, str]:
        """Return what diagnostics should say of it."""
        ...

    def news(self) -> list[str]:
        """Return the sentences to log since the last call."""
        ...
