"""A picture for people: the camera image with what the network says of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
from edge_adapt.images import Region, rgb, WHOLE
from edge_adapt.records import U8
import numpy as np

GREEN, RED, AMBER = (40, 200, 60), (235, 50, 40), (250, 170, 30)
_BORDER = 4  # pixels
_LINE = 16  # pixels a line of text is high


def overlay(
    image: U8, lines: Sequence[str], colour: tuple[int, int, int], region: Region = WHOLE
) -> U8:
    """
    Return RGB (h, w, 3): a border and the region in `colour`, text lines in the upper left.

    `image` is (h, w) grey or (h, w, 3) RGB and stays as it was.
    """
    picture = np.ascontiguousarray(rgb(image) if image.ndim == 2 else image.copy())
    height, width = picture.shape[:2]
    cv2.rectangle(picture, (0, 0), (width - 1, height - 1), colour, _BORDER)
    if region != WHOLE:
        corner = region.x + region.width - 1, region.y + region.height - 1
        cv2.rectangle(picture, (region.x, region.y), corner, colour, 1)
    for i, text in enumerate(lines):
        at = (_BORDER + 4, _BORDER + _LINE * (i + 1) - 4)
        for shade, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, shade, thickness)
    return picture
