"""The feature groups of a frame: their names, their sizes, and one vector that holds them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from math import isfinite

from edge_adapt.records import F32
import numpy as np

PIXELS, BLOCKS = 'pixels', 'blocks'
FIRST_LAYER, LAST_LAYER, OUTPUT = 'first_layer', 'last_layer', 'output'
GROUP_SIZES: Mapping[str, int] = {
    PIXELS: 16,
    BLOCKS: 16,
    FIRST_LAYER: 16,
    LAST_LAYER: 8,
    OUTPUT: 4,
}
N_FEATURES = sum(GROUP_SIZES.values())
# What the camera sees, whatever the weights are: a domain is described by these two.
IMAGE_GROUPS = (PIXELS, BLOCKS)
N_IMAGE_FEATURES = GROUP_SIZES[PIXELS] + GROUP_SIZES[BLOCKS]

PIXEL_NAMES = (
    'mean',
    'log deviation',
    'minimum',
    'maximum',
    'log horizontal gradient',
    'log vertical gradient',
    'log Laplacian',
    'centre of mass, horizontal',
    'centre of mass, vertical',
    'log worst column',
    'log worst row',
    'log mean',
    'log minimum',
    'gradient autocorrelation',
    'log seam, left to right',
    'log seam, top to bottom',
)
OUTPUT_NAMES = ('log entropy', 'log-sum-exp', 'margin', 'deviation of the logits')

_ENDS = tuple(accumulate(GROUP_SIZES.values()))
_PARTS = {
    name: slice(end - size, end)
    for (name, size), end in zip(GROUP_SIZES.items(), _ENDS, strict=True)
}


class Features(Mapping[str, F32]):
    """One `vector` (..., 60) that is read by group: name -> (..., size)."""

    __slots__ = ('_is_finite', 'vector')

    def __init__(self, vector: F32) -> None:
        self.vector = vector
        self._is_finite: bool | None = None

    @property
    def is_finite(self) -> bool:
        """Whether no feature is NaN or infinite; looked at once, for however many ask."""
        if self._is_finite is None:
            # a sum is finite where all are: in double precision float32 numbers do not overflow
            self._is_finite = isfinite(sum(self.vector.ravel().tolist()))
        return self._is_finite

    def __getitem__(self, name: str) -> F32:
        return self.vector[..., _PARTS[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(GROUP_SIZES)

    def __len__(self) -> int:
        return len(GROUP_SIZES)


def span_of(groups: tuple[str, ...]) -> slice | None:
    """Return where the groups stand in a vector of all; None where they are not side by side."""
    names = tuple(GROUP_SIZES)
    first = names.index(groups[0])
    if names[first : first + len(groups)] != groups:
        return None
    return slice(_PARTS[groups[0]].start, _PARTS[groups[-1]].stop)


def gather(features: Mapping[str, F32], groups: tuple[str, ...], span: slice | None = None) -> F32:
    """
    Return the groups in order as one vector (..., n).

    Where they stand side by side, `span_of` tells: a view of the vector of all is then enough.
    """
    if span is not None and isinstance(features, Features):
        return features.vector[..., span]
    return np.concatenate([features[name] for name in groups], axis=-1)


def is_finite(features: Mapping[str, F32]) -> bool:
    """Return whether no feature is NaN or infinite."""
    if isinstance(features, Features):
        return features.is_finite
    return all(np.isfinite(values).all() for values in features.values())
