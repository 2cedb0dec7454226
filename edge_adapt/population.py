"""What a population of heads scores on features that were computed once."""

from __future__ import annotations

from edge_adapt import native
from edge_adapt.records import Array, I8, I32, I64
import numpy as np


def score_heads(heads: I8, biases: I32, features: I8, labels: I64) -> tuple[I64, I64]:
    """
    Return per head the number of correct samples and the summed margin.

    heads (population, n_classes, n_features), biases (population, n_classes), features
    (n, n_features) +-1 or levels of -127..127, labels (n,) in 0..n_classes - 1. The margin of a
    sample is its true logit less the best other; a tie goes to the first class.

    One native call for bits where vector kernels were built; NumPy gives the same integers.
    """
    given = (heads, biases, features, labels)
    are_typed = tuple(array.dtype for array in given) == _DTYPES
    kernel = native.kernel()
    module = native.module() if kernel not in _SLOWER_THAN_BLAS and are_typed else None
    if module is not None and heads.shape[1] >= 2:
        correct, margins = np.empty(len(heads), np.int64), np.empty(len(heads), np.int64)
        arrays = (np.ascontiguousarray(array) for array in given)
        if module.score_heads(kernel, *arrays, correct, margins):  # False: of levels
            return correct, margins
    return score_heads_in_numpy(heads, biases, features, labels)


def are_bits(features: Array) -> bool:
    """Tell +-1 from levels, which somebody else's network gives."""
    if features.size == 0:
        return True
    within = features.min() >= -1 and features.max() <= 1
    return bool(within and np.count_nonzero(features) == features.size)


_DTYPES = tuple(np.dtype(kind) for kind in (np.int8, np.int32, np.int8, np.int64))
_SLOWER_THAN_BLAS = (native.NUMPY, 'scalar', 'neon')  # these two go sample by sample


def score_heads_in_numpy(heads: I8, biases: I32, features: I8, labels: I64) -> tuple[I64, I64]:
    """Return what `score_heads` returns: the plain meaning, by one matrix product."""
    logits = head_logits(heads, biases, features)  # (n, population, n_classes)
    rows = np.arange(len(labels))
    correct = (logits.argmax(axis=2) == labels[:, None]).sum(axis=0, dtype=np.int64)
    truth = logits[rows, :, labels]
    logits[rows, :, labels] = np.iinfo(np.int64).min
    margins = (truth - logits.max(axis=2)).sum(axis=0, dtype=np.int64)
    return correct, margins


def head_logits(heads: I8, biases: I32, features: I8) -> I64:
    """Return logits (n, population, n_classes)."""
    n_population, n_classes, n_features = heads.shape
    # A float32 product is exact while sums stay below 2^24, and BLAS knows no integers.
    largest = 128 * n_features * (1 if are_bits(features) else 128)
    exact = np.dtype(np.float32 if largest < 1 << 24 else np.float64)
    products = features.astype(exact) @ heads.reshape(-1, n_features).astype(exact).T
    logits: I64 = products.reshape(len(features), n_population, n_classes).astype(np.int64)
    return logits + biases
