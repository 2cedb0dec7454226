"""
The images inside the scikit-learn and scikit-image wheels: digits and photographs.

The files are read where they lie: importing the libraries would cost seconds and 80 MB of every
process that shows a stream.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
from edge_adapt.errors import UsageError
from edge_adapt.records import I64, U8
import numpy as np

_DIGITS = ('sklearn', 'datasets/data/digits.csv.gz')
_PHOTOGRAPHS = (
    ('sklearn', 'datasets/images/china.jpg'),
    ('sklearn', 'datasets/images/flower.jpg'),
    ('skimage', 'data/coffee.png'),
    ('skimage', 'data/rocket.jpg'),
    ('skimage', 'data/chelsea.png'),
    ('skimage', 'data/astronaut.png'),
)


@cache
def digits() -> tuple[U8, I64]:
    """Return 1797 handwritten images (n, 8, 8, 1) uint8 and their labels (n,), read-only."""
    table = np.loadtxt(_file(*_DIGITS), delimiter=',')  # 64 values of 0..16 and a label a line
    images = np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    labels = table[:, -1].astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return images, labels


@cache
def photographs(width: int, height: int) -> tuple[U8, ...]:
    """Return pictures (height, width, 3) RGB uint8, cropped in the middle, read-only."""
    return tuple(_fit(_picture(_file(*place)), width, height) for place in _PHOTOGRAPHS)


def _file(package: str, name: str) -> Path:
    """Return the path of a file in an installed package; UsageError where there is none."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f'streams show images of the Python package {package!r}, which is not installed'
        )
    path = Path(spec.submodule_search_locations[0]) / name
    if not path.is_file():
        raise UsageError(f'the installed package {package!r} has no file {name}')
    return path


def _picture(path: Path) -> U8:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise UsageError(f'{path} is not a picture')
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


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
