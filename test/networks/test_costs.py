"""What an image costs, counted on paper for a network of two layers."""

from __future__ import annotations

from edge_adapt.networks.costs import Cost, cost_of, n_bits, packed_bytes
from edge_adapt.networks.model import Model
import numpy as np


def test_signs_take_one_bit_and_other_weights_eight() -> None:
    signs, others = np.ones((3, 5), np.int8), np.full((3, 5), 7, np.int8)
    assert (n_bits(signs), packed_bytes(signs)) == (1, 2)
    assert (n_bits(others), packed_bytes(others)) == (8, 15)
    assert packed_bytes(np.zeros(0, np.int8)) == 0


def test_costs_of_a_shipped_network_are_those_of_its_layers() -> None:
    # 64 pixels -> 256 sums -> 256 bits -> 256 sums -> 256 bits -> 10 logits; `edge-adapt model
    # inspect digits_mlp` prints operations and bytes of the tensors.
    values_read, values_written = 64 + 1024 + 32 + 1024 + 32, 1024 + 32 + 1024 + 32 + 40
    assert cost_of(Model.load('digits_mlp')) == Cost(
        binary_operations=256 * 256,
        int8_operations=64 * 256 + 256 * 10,
        bytes_read=29740 + values_read,
        bytes_written=values_written,
        storage_bytes=29740,
    )
