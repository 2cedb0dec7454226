"""The images inside the scikit-learn and scikit-image wheels: digits and photographs."""

from __future__ import annotations

from functools import cache

import cv2
from edge_adapt.records import I64, U8
import numpy as np
import skimage.data
import sklearn.datasets

# Colour photographs that are files of the wheels, so nothing is downloaded.
_SKIMAGE = ('coffee', 'rocket', 'chelsea', 'astronaut')
_SKLEARN = ('china.jpg', 'flower.jpg')


def digits() -> tuple[U8, I64]:
    """Return the 1797 handwritten digits (n, 8, 8, 1) uint8 and their labels (n,)."""
    values, labels = sklearn.datasets.load_digits(return_X_y=True)
    images = np.rint(np.asarray(values) * (255 / 16)).astype(np.uint8)  # values are 0..16
    return images.reshape(-1, 8, 8, 1), np.asarray(labels, np.int64)


@cache
def photographs(width: int, height: int) -> tuple[U8, ...]:
    """Return photographs (height, width, 3) RGB uint8, cropped in the middle, read-only."""
    pictures = [sklearn.datasets.load_sample_image(name) for name in _SKLEARN]
    pictures += [getattr(skimage.data, name)() for name in _SKIMAGE]
    return tuple(_fit(np.asarray(picture, np.uint8), width, height) for picture in pictures)


def _fit(picture: U8, width: int, height: int) -> U8:
    """Return the largest middle part of the wanted shape, resized."""
    scale = min(picture.shape[1] / width, picture.shape[0] / height)
    crop_width, crop_height = int(width * scale), int(height * scale)
    left = (picture.shape[1] - crop_width) // 2
    top = (picture.shape[0] - crop_height) // 2
    part = picture[top : top + crop_height, left : left + crop_width]
    out = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    out.flags.writeable = False
    return out
