"""
(1 + lambda) evolution of binary weights by flipped bits: the integers of flip_unit.sv.

A child is its parent with the bits flipped that a seed names, so it is never stored: one
xorshift register (Marsaglia, 2003) for each 32 lanes is begun again from the seed and stepped
with every word of weights, in the order in which they are read. The fitness of a child is summed
over the samples: logit of the label - largest logit, + 16 where that is the label's. The best of
lambda children, the first of equals, becomes the parent where it is no worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from edge_adapt.lfsr import states
from edge_adapt.networks.layers import Dense
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, I32, I64, Weights
import numpy as np

WORD = 0xFFFFFFFF
GOLDEN = 0x9E3779B9
TURNS = (7, 13, 22)  # a bit flips where it and these neighbours are set: one in sixteen
HIT = 16
Logits = Callable[[Weights], I32]  # of all samples (n, n_classes)


class Parent(NamedTuple):
    """Weights, their fitness, the register that draws seeds, and how many children were taken."""

    weights: Weights
    fitness: int
    register: int
    n_accepted: int


def binary_layers(network: Network, weights: Weights) -> list[Dense]:
    """Return the fully connected layers whose weights are all +1 or -1."""
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    return [
        layer
        for layer in dense
        if np.all(np.abs(weights[f'{layer.name}.weights'].astype(np.int16)) == 1)
    ]


def xorshift(state: int) -> int:
    """Return the state after `state`."""
    state ^= state << 13 & WORD
    state ^= state >> 17
    return state ^ (state << 5 & WORD)


def flips(layers: Sequence[Dense], seed: int, rate: int, lanes: int) -> dict[str, Array]:
    """Return which weights (n_out, n_in) of each layer a seed flips; rate 0..65535."""
    widths = [-(-layer.n_in // lanes) for layer in layers]  # words of a neuron
    n_words = sum(layer.n_out * width for layer, width in zip(layers, widths, strict=True))
    starts = [seed ^ (GOLDEN * (group + 1) & WORD) or 1 for group in range(lanes // 32)]
    groups = [_mask(states(start, n_words, xorshift), rate) for start in starts]
    words = np.stack(groups, axis=1).astype('>u4')
    found, at = {}, 0
    for layer, width in zip(layers, widths, strict=True):
        rows = words[at : at + layer.n_out * width].view(np.uint8).reshape(layer.n_out, -1)
        found[f'{layer.name}.weights'] = np.unpackbits(rows, axis=1)[:, : layer.n_in] == 1
        at += layer.n_out * width
    return found


def flipped(weights: Weights, chosen: dict[str, Array]) -> Weights:
    """Return weights +-1 with the chosen ones turned around."""
    return weights.replace(
        {
            name: np.where(flips, -weights[name], weights[name]).astype(np.int8)
            for name, flips in chosen.items()
        }
    )


def fitness(logits: I32, labels: I64) -> int:
    """Return the fitness of logits (n, n_classes) of samples with labels (n,)."""
    wide = logits.astype(np.int64)
    best = wide.argmax(axis=1)
    rows = np.arange(len(labels))
    return int((wide[rows, labels] - wide[rows, best]).sum() + HIT * (best == labels).sum())


def evolve(
    network: Network, weights: Weights, logits: Logits, labels: I64, **options: int
) -> Iterator[Parent]:
    """
    Yield the parent after each generation, for ever.

    options: seed, n_children, rate, lanes.
    """
    layers = binary_layers(network, weights)
    register = options['seed']
    parent = Parent(weights, fitness(logits(weights), labels), xorshift(register), 0)
    while True:
        best, register = None, parent.register
        for _ in range(options['n_children']):
            chosen = flips(layers, register, options['rate'], options['lanes'])
            child = flipped(parent.weights, chosen)
            child_fitness = fitness(logits(child), labels)
            if best is None or child_fitness > best[1]:
                best = child, child_fitness
            register = xorshift(register)
        assert best is not None
        parent = parent._replace(register=register)
        if best[1] >= parent.fitness:
            parent = Parent(*best, register, parent.n_accepted + 1)
        yield parent


def _mask(registers: Array, rate: int) -> Array:
    """Return the bits of 32 lanes that registers (n,) flip."""
    mask = np.where(registers >> 16 < rate, registers, np.uint32(0))
    for turn in TURNS:
        mask &= registers << (32 - turn) | registers >> turn
    return mask
