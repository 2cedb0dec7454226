"""A replay of latents, one bit a feature: 20 a class, 256 features, 10 classes are 6.4 kB."""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.bits import pack_signs, unpack_signs
from edge_adapt.records import F64, I64, U8
from edge_adapt.updaters._cache import Cache
import numpy as np


@dataclass(frozen=True, slots=True)
class Latents:
    """How many latents of a class are kept, and how many of it join a mini-batch."""

    n_per_class: int
    n_per_batch: int

    def beside(
        self, x: F64, y: I64, packed: U8, labels: I64, rng: np.random.Generator
    ) -> tuple[F64, I64]:
        """Return a mini-batch x (n, n_in), y (n,) with latents of every class kept beside it."""
        chosen = [
            rng.choice(places, min(self.n_per_batch, len(places)), replace=False)
            for places in (np.flatnonzero(labels == label) for label in np.unique(labels))
        ]
        if not chosen:
            return x, y
        places = np.concatenate(chosen)
        latents = unpack_signs(packed[places], x.shape[1]).astype(np.float64)
        return np.concatenate([x, latents]), np.concatenate([y, labels[places]])

    def after(
        self, x: Cache, y: I64, packed: U8, labels: I64, past: F64, rng: np.random.Generator
    ) -> tuple[U8, I64]:
        """
        Return the latents to keep after an experience x, y, and their labels.

        Of a class seen past_j times before, the new ones take their fair share of the places.
        """
        kept, kept_labels = [packed[:0]], [labels[:0]]
        for label in np.union1d(y, labels):
            old, new = np.flatnonzero(labels == label), np.flatnonzero(y == label)
            share = len(new) / (len(new) + (past[label] if len(old) else 0)) if len(new) else 0
            n_new = min(
                len(new), max(self.n_per_class - len(old), round(self.n_per_class * share))
            )
            n_old = min(len(old), self.n_per_class - n_new)
            kept += [
                packed[rng.permutation(old)[:n_old]],
                pack_signs(x.take(rng.permutation(new)[:n_new])),
            ]
            kept_labels.append(np.full(n_old + n_new, label, np.int64))
        return np.concatenate(kept), np.concatenate(kept_labels)
