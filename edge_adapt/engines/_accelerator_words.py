"""Words as the accelerator's memories and streams hold them: rows of bits, planes, thresholds."""

from __future__ import annotations

from collections.abc import Sequence

from edge_adapt.bits import pack_signs
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Layer
from edge_adapt.records import Array, U8, Weights
import numpy as np
from numpy.typing import NDArray

U32 = NDArray[np.uint32]
_FLIP = np.uint32(1 << 31)


def packed_rows(rows: Array, layer: Layer, lanes: int) -> U32:
    """Return the words of rows (n_out, n_in) of +1 and -1. Raises UsageError for others."""
    if not np.all(np.abs(rows.astype(np.int16)) == 1):
        raise UsageError(f'the accelerator needs weights +1 and -1 in layer {layer.name!r}')
    return _words(padded(pack_signs(rows), lanes))


def plane_rows(rows: Array, lanes: int) -> U32:
    """Return the words of int8 rows (n_out, n_in): for each word eight bit planes and ones."""
    planes = [np.packbits(rows.view(np.uint8) >> a & 1, axis=-1) for a in range(8)]
    planes.append(np.packbits(np.ones_like(rows, np.uint8), axis=-1))
    return _words(padded(np.stack(planes, axis=1), lanes).transpose(0, 2, 1, 3))


def _words(packed: U8) -> U32:
    return np.ascontiguousarray(packed).view('>u4').astype(np.uint32).reshape(-1)


def sum_bits(widths: Sequence[int], pixel_planes: int, first_weight_bits: int) -> int:
    """Return how many bits hold what the lanes add up for layers of these inputs."""
    scale = (128 if pixel_planes > 1 else 1) * (256 if first_weight_bits > 1 else 1)
    return (max(widths[0] * scale, *widths) + 1).bit_length() + 1


def threshold_words(weights: Weights, name: str, limit: int) -> U32:
    """Return {flip, 31 bits signed} of each neuron of threshold layer `name`."""
    thresholds = np.clip(weights[f'{name}.thresholds'], -limit, limit - 1).astype(np.int32)
    flips = np.where(weights[f'{name}.flips'] != 0, _FLIP, np.uint32(0))
    return (thresholds.view(np.uint32) & ~_FLIP) | flips


def padded(packed: U8, lanes: int) -> U8:
    """Return (..., n_words, lanes / 8), zeros behind the last bit."""
    n_bytes = lanes // 8
    widen: Sequence[tuple[int, int]] = [(0, 0)] * (packed.ndim - 1)
    filled = np.pad(packed, [*widen, (0, -packed.shape[-1] % n_bytes)])
    return np.ascontiguousarray(filled).reshape(*packed.shape[:-1], -1, n_bytes)
