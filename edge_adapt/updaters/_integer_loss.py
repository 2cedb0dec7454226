"""Cross-entropy in integers: base-2 softmax from two tables of 256 entries."""

from __future__ import annotations

from edge_adapt.records import F64, I64
import numpy as np

# A value (n, n_classes) of logits is in 1/1024; exponents and logarithms are in 1/256.
_ONE = 24  # 2^0 is 1 << 24
_N_OCTAVES = 26  # below that a term is nothing


def _powers() -> F64:
    """Return 2^(a / 256) in 1 / 2^24 for a = -256 * _N_OCTAVES .. 0: a table entry, shifted."""
    exponent = np.arange(-256 * _N_OCTAVES, 1)
    table = np.rint(2.0 ** (np.arange(256) / 256 + _ONE)).astype(np.int64)
    return np.asarray(table[exponent & 255] >> -(exponent >> 8), np.float64)


def _logarithms() -> I64:
    """Return 256 log2(1 + m / 256) + 256 k at index 256 k + m, for sums below 2^40."""
    index = np.arange(256 * 40)
    mantissa = np.rint(256 * np.log2(1 + (index & 255) / 256)).astype(np.int64)
    return np.asarray((index >> 8) * 256 + mantissa, np.int64)


POWERS, LOGARITHMS = _powers(), _logarithms()


def row_differences(logits: I64, moves: I64, labels: I64) -> I64:
    """
    Return D (n_directions, n_classes): the loss with row j moved up, less moved down, in 1/256.

    logits (n_classes, n) and moves (n_directions, n) in 1/1024, labels (n,). A row moves against
    the others where they are, which is exact for a change of that row alone:

        D[p, j] = sum_n log2(S_j + 2^(z_j + d_p)) - log2(S_j + 2^(z_j - d_p)) - [j = y] 2 d_p

    Exponents are taken relative to max z + max |d|, so that no power exceeds 1.
    """
    logits = logits - (logits.max(axis=0) + np.abs(moves).max(axis=0))
    terms = _power(logits)
    others = terms.sum(axis=0) - terms
    both = np.concatenate([moves, -moves])[:, None]
    losses = _logarithm(others + _power(logits + both)).sum(axis=2)
    own = ((2 * moves) >> 2).astype(np.float64) @ (labels[:, None] == np.arange(len(logits)))
    n_directions = len(moves)
    return np.asarray(losses[:n_directions] - losses[n_directions:] - own, np.int64)


def _power(x: I64) -> F64:
    """Return 2^x in 1 / 2^24 for x <= 0 in 1/1024; exact integers."""
    return POWERS.take((x >> 2) + 256 * _N_OCTAVES, mode='clip')


def _logarithm(x: F64) -> I64:
    """Return log2(x) in 1/256 for integers 0 <= x < 2^40; that of 0 is that of 1."""
    # A float64 holds exponent and mantissa side by side: its top bits are the table's index.
    index = (np.maximum(x, 1.0).view(np.int64) >> 44) - (1023 << 8)
    return LOGARITHMS.take(index, mode='clip')
