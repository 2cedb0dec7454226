"""What is on the signs of the street."""

from __future__ import annotations

import cv2
from edge_adapt import street
from edge_adapt.records import U8
from edge_adapt.streams import enlarge, Pool
from edge_adapt.streams.digits import Digits
import numpy as np


def signs() -> Pool:
    """Return the digit on each sign: as many of each class as can be, none from training."""
    pool = Digits.pool('adapt+test')
    order = np.random.default_rng(street.SEED).permutation(len(pool))
    by_class = [order[pool.labels[order] == label] for label in range(10)]
    return pool.take(np.array([by_class[i % 10][i // 10] for i in range(street.N_SIGNS)]))


def sign_png(image: U8) -> bytes:
    """Return (h, w, 1) as a PNG of 160x160 RGB."""
    large = enlarge(image, 160 // len(image))
    done, packed = cv2.imencode('.png', cv2.cvtColor(large, cv2.COLOR_GRAY2BGR))
    assert done
    return packed.tobytes()
