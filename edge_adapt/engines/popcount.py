"""The fast engine: signs packed 64 to a word, xor and popcount instead of multiply and add."""

from __future__ import annotations

from edge_adapt.engines import Infer
from edge_adapt.engines._packed import prepare as prepare_packed
from edge_adapt.networks.model import check_weights
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights


class Popcount:
    """The same integers as the reference, bit for bit."""

    def prepare(self, network: Network, weights: Weights) -> Infer:
        """Return a runner; UsageError where the weights do not fit the network."""
        check_weights(network, weights)
        return prepare_packed(network, weights)
