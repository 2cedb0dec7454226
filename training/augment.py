"""Random small changes of training images: one affine warp an image, gain and offset."""

from __future__ import annotations

import cv2
from edge_adapt.records import U8
import numpy as np

from training.recipe import Augmentation


def augment(images: U8, how: Augmentation, rng: np.random.Generator) -> U8:
    """Return changed copies of `images` (n, height, width, channels)."""
    changed = np.stack([_warped(image, how, rng) for image in images])
    if not (how.gain_octaves or how.offset):
        return changed
    shape = (len(images), 1, 1, 1)
    gain = np.exp2(rng.uniform(-how.gain_octaves, how.gain_octaves, shape))
    offset = rng.uniform(-how.offset, how.offset, shape)
    return np.clip(np.rint(changed * gain + offset), 0, 255).astype(np.uint8)


def _warped(image: U8, how: Augmentation, rng: np.random.Generator) -> U8:
    height, width, channels = image.shape
    angle, scale, right, down = rng.uniform(-1, 1, 4) * (
        how.rotation_degrees,
        how.scale,
        how.shift_pixels,
        how.shift_pixels,
    )
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, angle, 1 + scale)
    matrix[:, 2] += right, down
    warped = cv2.warpAffine(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if how.mirrored and rng.random() < 0.5:
        warped = warped[:, ::-1]
    return np.asarray(warped, np.uint8).reshape(height, width, channels)
