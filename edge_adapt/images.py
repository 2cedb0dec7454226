"""From a camera image to a network's input: crop, resize by area, grey; integers throughout."""

from __future__ import annotations

from typing import NamedTuple

import cv2
from edge_adapt.errors import UsageError
from edge_adapt.records import U8
import numpy as np

# ITU-R BT.601 luma in 1/256; the sum is 256, so that grey in three channels stays what it was.
_LUMA = (77, 150, 29)


class Region(NamedTuple):
    """A rectangle of a camera image, in pixels; zero width and height mean the whole image."""

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


WHOLE = Region()


def grey(image: U8) -> U8:
    """Return the luma (..., height, width) of RGB (..., height, width, 3)."""
    red, green, blue = (image[..., i].astype(np.uint16) for i in range(3))
    total = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return ((total + 128) >> 8).astype(np.uint8)


def rgb(image: U8) -> U8:
    """Return (..., height, width, 3) whose channels are all `image` (..., height, width)."""
    return np.repeat(image[..., np.newaxis], 3, axis=-1)


def crop(image: U8, region: Region = WHOLE) -> U8:
    """
    Return the view of `image` (height, width[, 3]) inside `region`.

    Raises UsageError where the region does not lie inside the image.
    """
    if region == WHOLE:
        return image
    height, width = image.shape[:2]
    x, y = region.x, region.y
    if (
        min(region) < 0
        or min(region.width, region.height) < 1
        or x + region.width > width
        or y + region.height > height
    ):
        raise UsageError(
            f'region x={x} y={y} width={region.width} height={region.height}'
            f' does not lie inside the {width}x{height} image'
        )
    return image[y : y + region.height, x : x + region.width]


def network_input(image: U8, input_shape: tuple[int, int, int], region: Region = WHOLE) -> U8:
    """
    Return what the network sees of a camera image: (height, width, channels) uint8, C order.

    `image` is (h, w) grey or (h, w, 3) RGB; `input_shape` has 1 channel (grey) or 3 (RGB). The
    resize averages over areas, so shrinking does not alias. Robot and training share this
    function: what was trained on is what is seen.
    """
    height, width, n_channels = input_shape
    seen = crop(image, region)
    if seen.shape[:2] != (height, width):
        seen = np.asarray(cv2.resize(seen, (width, height), interpolation=cv2.INTER_AREA))
    if seen.ndim == 2:
        return np.ascontiguousarray(seen[..., np.newaxis] if n_channels == 1 else rgb(seen))
    return grey(seen)[..., np.newaxis] if n_channels == 1 else np.ascontiguousarray(seen)


def seen_through(region: Region, window: Region, binning: tuple[int, int] = (1, 1)) -> Region:
    """
    Return where `region`, in pixels of the whole sensor, lies in an image of a part of it.

    The image is `window` of the sensor (sensor_msgs/CameraInfo `roi`; WHOLE where there is none),
    each of its pixels `binning` (x, y) pixels wide and high. WHOLE stays the whole image.
    """
    if region == WHOLE:
        return WHOLE
    across, down = (max(1, n) for n in binning)
    return Region(
        (region.x - window.x) // across,
        (region.y - window.y) // down,
        region.width // across,
        region.height // down,
    )
