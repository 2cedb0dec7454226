"""
What runs a network: prepare once, then infer.

`reference` is right by definition; every other engine gives the same integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from edge_adapt.networks.network import Network
from edge_adapt.records import Array, U8, Weights


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a batch gave: `logits` (n, n_classes), and the values of the layers asked for.

    `taps` maps a layer's name to its value: bits as +-1 int8, sums as int32.
    """

    logits: Array
    taps: Mapping[str, Array] = field(default_factory=dict)


class Infer(Protocol):
    """A network made ready with one set of weights, which it keeps for life."""

    @property
    def weights(self) -> Weights:
        """The weights it was prepared with."""
        ...

    def __call__(self, images: U8, taps: Sequence[str] = ()) -> Outcome:
        """
        Run images (n, height, width, channels) uint8, C order.

        Raises ValueError naming expected and got where type or shape differ, or where a tap is
        not a layer.
        """
        ...


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
