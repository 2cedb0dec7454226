"""What a network sees of a camera image."""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.images import crop, grey, network_input, Region, rgb
import numpy as np
import pytest


def test_grey_of_equal_channels_is_the_channel() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(grey(rgb(levels)), levels)


def test_grey_weighs_as_bt_601() -> None:
    # 0.299, 0.587, 0.114 of 255: within the half level that 1/256 steps may differ by.
    pure = np.eye(3, dtype=np.uint8)[np.newaxis] * 255
    np.testing.assert_allclose(grey(pure)[0], [76.2, 149.7, 29.1], atol=1)


def test_enlarged_pixels_come_back_exactly() -> None:
    small = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    camera = np.zeros((240, 320), np.uint8)
    camera[40:200, 80:240] = np.kron(small, np.ones((20, 20), np.uint8))
    seen = network_input(rgb(camera), (8, 8, 1), Region(80, 40, 160, 160))
    np.testing.assert_array_equal(seen[..., 0], small)


@pytest.mark.parametrize('shape', [(20, 30), (20, 30, 3)])
@pytest.mark.parametrize('n_channels', [1, 3])
def test_every_camera_gives_every_network_its_shape(
    shape: tuple[int, ...], n_channels: int
) -> None:
    image = np.full(shape, 7, np.uint8)
    seen = network_input(image, (10, 12, n_channels))
    assert seen.shape == (10, 12, n_channels)
    assert seen.flags.c_contiguous
    assert np.all(seen == 7)


@pytest.mark.parametrize('region', [(-1, 0, 5, 5), (0, 0, 0, 5), (6, 0, 5, 5), (0, 8, 5, 5)])
def test_a_region_outside_is_refused(region: tuple[int, int, int, int]) -> None:
    with pytest.raises(UsageError, match='does not lie inside the 10x12 image'):
        crop(np.zeros((12, 10), np.uint8), Region(*region))
