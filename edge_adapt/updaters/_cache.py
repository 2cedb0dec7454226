"""What the head reads of all samples, computed once and kept small: a bit is a bit."""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.bits import pack_signs, unpack_signs
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, F64, I8, I64, U8, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters._samples import features
import numpy as np

N_AT_ONCE = 128  # samples passed through the network, or unpacked, together


@dataclass(frozen=True, slots=True)
class Cache:
    """Features (n, n_in): bits as (n, ceil(n_in / 8)) uint8, others as they are."""

    rows: Array
    n_in: int
    is_bits: bool

    @staticmethod
    def of(objective: Objective, weights: Weights, images: U8) -> Cache:
        """Pass the images through the network, some at a time."""
        is_bits = _reads_bits(objective.network)
        parts, n_in = [], objective.network.head.n_in
        for start in range(0, len(images), N_AT_ONCE):
            part = features(objective, weights, images[start : start + N_AT_ONCE])
            parts.append(pack_signs(part) if is_bits else part)
        return Cache(np.concatenate(parts), n_in, is_bits)

    @staticmethod
    def planned_bytes(network: Network, n_samples: int) -> int:
        """Return the bytes that n_samples will take, with their labels."""
        n_in = network.head.n_in
        return n_samples * ((-(-n_in // 8) if _reads_bits(network) else n_in) + 8)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: Array | slice = slice(None)) -> I8:
        """Return features (n_chosen, n_in) as the network gives them."""
        rows = self.rows[chosen]
        return unpack_signs(rows, self.n_in) if self.is_bits else rows

    @property
    def sums(self) -> I64:
        """The sum (n_in,) over all samples."""
        total = np.zeros(self.n_in, np.int64)
        for start in range(0, len(self), N_AT_ONCE):
            total += self.take(slice(start, start + N_AT_ONCE)).sum(axis=0, dtype=np.int64)
        return total

    @property
    def mean(self) -> F64:
        """The mean (n_in,) over all samples."""
        return np.asarray(self.sums / len(self), np.float64)

    @property
    def root_mean_square(self) -> float:
        """The root of the mean square of all features; 1 for bits."""
        squares = 0.0
        for start in range(0, len(self), N_AT_ONCE):
            part = self.take(slice(start, start + N_AT_ONCE)).astype(np.float64)
            squares += float((part**2).sum())
        return max(float(np.sqrt(squares / (len(self) * self.n_in))), 1e-9)


def _reads_bits(network: Network) -> bool:
    return network.kinds[network.sources[network.head.name][0]] == 'bits'
