"""
Which frames are worth learning from: the two sample filters of EATA.

Niu et al., ICML 2022, arXiv:2204.02610: leave out frames the network is unsure of, whose entropy E
exceeds 0.4 ln(n_classes), and frames whose answer resembles the mean answer so far, by a cosine
above `most`; weigh the rest by exp(0.4 ln(n_classes) - E).
"""

from __future__ import annotations

from edge_adapt.records import F64
from edge_adapt.signals import entropy
import numpy as np

ENTROPY_SHARE = 0.4  # of ln(n_classes)
MEMORY = 0.9  # of the mean answer, at each batch


def reliable(shares: F64) -> F64:
    """Return the weight (n,) of each answer (n, n_classes): 0 for those that are left out."""
    limit = ENTROPY_SHARE * np.log(shares.shape[1])
    entropies = entropy(shares).astype(np.float64)
    return np.where(entropies < limit, np.exp(limit - entropies), 0.0)


def redundant(shares: F64, mean: F64, most: float) -> F64:
    """Return 1 (n,) for answers whose cosine with the mean answer so far exceeds `most`."""
    lengths = np.linalg.norm(shares, axis=1) * max(float(np.linalg.norm(mean)), 1e-12)
    return np.asarray(np.abs(shares @ mean) / np.maximum(lengths, 1e-12) > most, np.float64)


def mean_after(mean: F64, shares: F64, weights: F64) -> F64:
    """Return the running mean answer after those of a batch that were not left out."""
    chosen = shares[weights > 0]
    if not len(chosen):
        return mean
    today: F64 = chosen.mean(axis=0)
    return MEMORY * mean + (1 - MEMORY) * today if mean.any() else today
