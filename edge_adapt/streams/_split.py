"""Which image belongs to which part: by a hash of its content, so the answer never changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import hashlib

from edge_adapt.errors import UsageError
from edge_adapt.records import I64
import numpy as np

PARTS = ('train', 'adapt', 'test')


def shuffled_by_hash(keys: Iterable[bytes]) -> I64:
    """Return the indices of `keys`, sorted by the SHA-256 of each key: an order without a seed."""
    digests = [hashlib.sha256(key).digest() for key in keys]
    return np.array(sorted(range(len(digests)), key=digests.__getitem__), np.int64)


def choose(part: str, parts: Mapping[str, I64]) -> I64:
    """
    Return the sorted indices of `part`: 'train', 'adapt', 'test', or several joined by '+'.

    Raises UsageError for any other.
    """
    unknown = [name for name in part.split('+') if name not in parts]
    if unknown:
        raise UsageError(
            f'there is no part {unknown[0]!r}; there are: {", ".join(parts)}, joined by +'
        )
    return np.unique(np.concatenate([parts[name] for name in part.split('+')]))
