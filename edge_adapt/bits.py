"""
The one meaning of a bit: 1 is +1, 0 is -1, and sign(0) is +1.

The last axis is packed, most significant bit first, padded with zeros; n_bits is the true width.
This is the choice of QONNX and FINN, and the opposite of Larq's.
"""

from __future__ import annotations

from edge_adapt.records import Array, I8, I32, U8
import numpy as np
from numpy.typing import NDArray


def signs(x: Array) -> I8:
    """Return +1 where x >= 0, else -1."""
    return np.where(np.asarray(x) >= 0, np.int8(1), np.int8(-1))


def pack_signs(x: Array) -> U8:
    """Return the signs of x, (..., n_bits) -> (..., ceil(n_bits / 8)) uint8."""
    return np.packbits(np.asarray(x) >= 0, axis=-1)


def unpack_signs(packed: U8, n_bits: int) -> I8:
    """Return +-1 int8, (..., ceil(n_bits / 8)) -> (..., n_bits)."""
    bits = np.unpackbits(packed, axis=-1, count=n_bits)
    return (2 * bits.view(np.int8) - 1).astype(np.int8)


def pack_words(x: Array) -> NDArray[np.uint64]:
    """Return the signs of x in 64-bit words, (..., n_bits) -> (..., ceil(n_bits / 64))."""
    return as_words(pack_signs(x))


def as_words(packed: U8) -> NDArray[np.uint64]:
    """Return packed bits in 64-bit words, (..., n_bytes) -> (..., ceil(n_bytes / 8))."""
    n_pad = -packed.shape[-1] % 8
    if not n_pad:
        return np.ascontiguousarray(packed).view(np.uint64)
    padded = np.pad(packed, [(0, 0)] * (packed.ndim - 1) + [(0, n_pad)])
    return np.ascontiguousarray(padded).view(np.uint64)


def xnor_dot(a: Array, b: Array, n_bits: int) -> I32:
    """
    Return the +-1 dot product of packed rows: n_bits - 2 * popcount(a ^ b).

    a and b are unsigned integers of one width, broadcast against each other; the last axis is
    summed. Padding bits are equal on both sides, so they never count.
    """
    n_different = np.bitwise_count(np.bitwise_xor(a, b)).sum(axis=-1, dtype=np.int32)
    return np.asarray(n_bits - 2 * n_different, dtype=np.int32)
