"""
Gradient descent on a head of levels, all in integers: what head_sgd.sv does, one sample a step.

After TaxoNN (arXiv:2010.05197): the learning rate is a shift, and what the shift drops is rounded
by chance, by bits of a shift register.

    z_j = W_j . h + 64 b_j                  W = (V + 128) >> 8, b = (B + 128) >> 8
    e_j = (clip(128 + (z_j >> shift), 0, 255) - 255 [j = label]) >> 1
    V_j -= (e_j h + r) >> rate              limited to +-127 steps of int8
    B_j -= (64 e_j + r) >> rate             limited to its bits
"""

from __future__ import annotations

from typing import NamedTuple

from edge_adapt.lfsr import Lfsr
from edge_adapt.records import I8, I64
import numpy as np

GRID = 256  # parts of an int8 step
LIMIT = 127 * GRID
BIAS_FEATURE = 64  # what a bias reads where a weight reads its feature
BIAS_BITS = 24
N_DRAWN = 8  # steps of the register for each feature


class IntegerHead(NamedTuple):
    """V (n_classes, n_in) and B (n_classes,) in 1/256 of a step, and the shift register."""

    values: I64
    biases: I64
    register: int


def logits(head: IntegerHead, levels: I8) -> I64:
    """Return z (n_classes,) of the features (n_in,) of one sample."""
    weights, biases = (head.values + 128) >> 8, (head.biases + 128) >> 8
    return np.asarray(weights @ levels.astype(np.int64) + BIAS_FEATURE * biases, np.int64)


def descend(
    head: IntegerHead, levels: I8, label: int, shift: int, rate: int, bias_bits: int = BIAS_BITS
) -> IntegerHead:
    """Return the head after a step on one sample; shift 0..31, rate 0..15."""
    n_classes = len(head.biases)
    own = np.arange(n_classes) == label
    errors = ((128 + (logits(head, levels) >> shift)).clip(0, 255) - 255 * own) >> 1
    features = np.append(levels.astype(np.int64), BIAS_FEATURE)
    register = Lfsr(head.register)
    noise = _noise(register, n_classes, len(features), rate)
    moves = (np.outer(errors, features) + noise) >> rate
    highest = (1 << bias_bits - 1) - 1
    return IntegerHead(
        (head.values - moves[:, :-1]).clip(-LIMIT, LIMIT),
        (head.biases - moves[:, -1]).clip(-highest - 1, highest),
        register.state,
    )


def _noise(register: Lfsr, n_classes: int, n_features: int, rate: int) -> I64:
    """Return `rate` random bits (n_classes, n_features): the register, turned by three a class."""
    states = register.every(N_DRAWN, n_features).astype(np.uint64)
    turns = (3 * np.arange(n_classes, dtype=np.uint64) % 32)[:, None]
    turned = (states << np.uint64(32) | states) >> turns
    return (turned & np.uint64((1 << rate) - 1)).astype(np.int64)
