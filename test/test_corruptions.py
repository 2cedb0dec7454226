"""Every corruption keeps type and shape, can be dosed, and is decided by its seed."""

from __future__ import annotations

from typing import Any

from edge_adapt.corruptions import corrupt, corrupt_all, Damage, Grid, names
from edge_adapt.errors import UsageError
from edge_adapt.images import grey, network_input, Region, rgb
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

CAMERA = Grid(n_cells=8, cell=20, x=80, y=40)
every = pytest.mark.parametrize('name', names())


def digit() -> Any:
    return np.random.default_rng(1).integers(0, 256, (8, 8), dtype=np.uint8)


def camera_image(small: Any) -> Any:
    image = np.zeros((240, 320), np.uint8)
    image[40:200, 80:240] = np.kron(small, np.ones((20, 20), np.uint8))
    return image


@every
@settings(max_examples=20, deadline=None)
@given(
    image=st.one_of(
        arrays(np.uint8, (8, 8)), arrays(np.uint8, (9, 11, 3)), arrays(np.uint8, (8, 8, 1))
    ),
    severity=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_type_and_shape_stay_and_the_input_is_untouched(
    name: str, image: Any, severity: float, seed: int
) -> None:
    before = image.copy()
    out = corrupt(image, name, Damage(severity, seed=seed))
    assert out.dtype == np.uint8
    assert out.shape == image.shape
    np.testing.assert_array_equal(image, before)


@every
def test_severity_zero_is_the_clean_image(name: str) -> None:
    np.testing.assert_array_equal(corrupt(digit(), name, Damage(0)), digit())


@every
def test_a_small_severity_changes_little(name: str) -> None:
    image = np.full((8, 8), 100, np.uint8)
    change = corrupt(image, name, Damage(0.01)).astype(int) - 100
    assert abs(change.mean()) <= 2


@every
def test_the_seed_decides(name: str) -> None:
    first, again, other = (corrupt(digit(), name, Damage(seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other) == (name in ('noise', 'salt_and_pepper', 'flicker'))


@every
def test_corrupting_and_turning_grey_can_be_exchanged(name: str) -> None:
    damage = Damage(0.7, seed=5, segment_seed=6)
    np.testing.assert_array_equal(
        grey(corrupt(rgb(digit()), name, damage)), corrupt(digit(), name, damage)
    )


@every
def test_the_network_sees_the_same_damage_through_the_camera(name: str) -> None:
    """Exactly so, except that camera pixels blur beyond the cell and noise has more cells."""
    small, chance = digit(), {'seed': 3, 'segment_seed': 4}
    small[:, -1] = 0  # so that rolling the small image brings in what is beside it in the large
    through_camera = network_input(
        corrupt(camera_image(small), name, Damage(grid=CAMERA, **chance)),
        (8, 8, 1),
        Region(80, 40, 160, 160),
    )[..., 0].astype(int)
    direct = corrupt(small, name, Damage(grid=CAMERA.small, **chance)).astype(int)
    if name in ('noise', 'salt_and_pepper'):
        change, expected = through_camera - small, direct - small
        # Two draws of 64 cells: their deviations agree within about four standard errors.
        assert change.std() == pytest.approx(expected.std(), rel=0.5)
    elif name == 'blur':
        inner = np.s_[1:-1, 1:-1]
        # A box over 60 pixels, averaged over cells, has softer edges than a box over 3 cells.
        assert np.abs(through_camera - direct)[inner].max() < 40
    else:
        np.testing.assert_array_equal(through_camera, direct)


def test_definitions_of_the_seven_shifts() -> None:
    x = digit().astype(float)
    expected = {'contrast': 0.25 * x + 127.5, 'low_contrast': 0.3 * x, 'invert': 255 - x}
    for name, values in expected.items():
        np.testing.assert_allclose(corrupt(digit(), name), values, atol=0.501)  # rounded
    np.testing.assert_array_equal(corrupt(digit(), 'shift'), np.roll(digit(), 1, axis=1))
    assert corrupt(digit(), 'blur')[3, 4] == round(digit()[2:5, 3:6].mean())


def test_noise_has_its_deviation() -> None:
    image = np.full((400, 400), 128, np.uint8)
    change = corrupt(image, 'noise', Damage(0.3)).astype(float) - 128
    # 0.3 * 0.35 * 255 = 26.8; 160000 draws leave a standard error of 0.05.
    assert change.std() == pytest.approx(26.8, abs=0.3)


def test_dead_lines_stay_for_a_segment() -> None:
    image = np.full((8, 8), 100, np.uint8)
    first = corrupt(image, 'dead', Damage(seed=1, segment_seed=9))
    np.testing.assert_array_equal(first, corrupt(image, 'dead', Damage(seed=2, segment_seed=9)))
    assert np.sum(np.all(first == 255, axis=1)) == 1
    assert np.sum(first == 0) == 7  # one column, where the row does not cross it


def test_corruptions_can_be_joined() -> None:
    joined = corrupt(digit(), 'blur+invert', Damage())
    np.testing.assert_array_equal(joined, corrupt(corrupt(digit(), 'blur'), 'invert'))


def test_a_batch_is_frames_of_one_segment() -> None:
    images = np.full((4, 8, 8, 1), 100, np.uint8)
    noisy, dead = (corrupt_all(images, name, Damage(seed=1)) for name in ('noise', 'dead'))
    assert np.any(noisy[0] != noisy[1])
    assert np.all(dead == dead[0])


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match=r"no corruption 'rain'; there are: black, blur"):
        corrupt(digit(), 'blur+rain')


@pytest.mark.parametrize('severity', [-0.1, 1.1, float('nan')])
def test_a_severity_outside_is_refused(severity: float) -> None:
    with pytest.raises(UsageError, match='severity must be within'):
        Damage(severity)
