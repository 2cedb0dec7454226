"""
Mend what the camera does to its images, by the cheap filter that makes the answers most certain.

Every candidate is followed by recalibration; the list decides how far this goes: noise (binomial,
median, Wiener), blur (regularized inverses of box, Gaussian and motion kernels), dead pixels and
lines, darkness and fog (gamma).
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_adapt.records import U8
from edge_adapt.updaters._restoration import (
    binomial,
    box_inverse,
    dead_lines,
    dead_pixels,
    gamma,
    gaussian_inverse,
    noise_variance,
    sharpening,
)
from edge_adapt.updaters._search import Candidate, Search
import numpy as np


class RestorationSearch(Search):
    """
    Searches a list of filters.

    256 frames recalibrate the one chosen, 64 are enough to choose: with fewer for both, clean
    frames lose more than a point.
    """

    def __init__(
        self,
        margin_nats: float = 0.05,
        n_choose: int = 64,
        recalibration: str = 'deviation',
    ) -> None:
        super().__init__(margin_nats, n_choose, recalibration)

    def candidates(self, images: U8) -> Iterator[Candidate]:
        shape = images.shape[1], images.shape[2]
        yield Candidate('nothing', {})
        for width in (3, 5):
            yield Candidate(f'binomial {width}', binomial(shape, width))
        yield Candidate('median', {'median': np.asarray(3, np.uint8)})
        variance = noise_variance(images)
        if variance > 0:
            yield Candidate('wiener', {'wiener': np.asarray(variance, np.float32)})
        yield Candidate('sharpen', sharpening(shape))
        for width in (3, 5, 7, 9):
            yield Candidate(f'unblur box {width}', box_inverse(shape, width, width))
        for width in (5, 9):
            yield Candidate(f'unblur right {width}', box_inverse(shape, 1, width))
            yield Candidate(f'unblur down {width}', box_inverse(shape, width, 1))
        for deviation in (1.0, 2.0):
            yield Candidate(f'unblur gauss {deviation:g}', gaussian_inverse(shape, deviation))
        for power in (0.5, 2.0):
            yield Candidate(f'gamma {power:g}', {'levels': gamma(power)})
        yield from _of_dead(images)


def _of_dead(images: U8) -> Iterator[Candidate]:
    """Yield how dead pixels can be filled, where there are any."""
    dead = dead_pixels(images)
    if dead.any():
        yield Candidate('fill pixels', {'dead': dead.astype(np.uint8)})
        lines = dead_lines(dead)
        if lines is not None:
            yield Candidate('fill lines', lines)
