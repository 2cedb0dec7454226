from edge_adapt import front_end
from edge_adapt.errors import UsageError
from edge_adapt.updaters import _restoration as filters
from hypothesis import given, strategies
import numpy as np
import pytest

SHAPE = (12, 10)


@pytest.fixture
def images():
    """Return 20 smooth pictures, (20, 12, 10, 2): a blob at a place of its own in each."""
    y, x = np.mgrid[:12, :10]
    rng = np.random.default_rng(1)
    places = rng.uniform(2, 8, (20, 2))
    blobs = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / 18) for a, b in places]
    return np.rint(np.stack([np.stack(blobs), 0.5 * np.stack(blobs)], -1) * 200 + 20).astype(
        np.uint8
    )


def error(a, b):
    return np.abs(a.astype(float) - b).mean()


def test_no_steps_change_nothing(images):
    np.testing.assert_array_equal(front_end.restore(images, {}), images)


def test_a_roll_and_an_inversion_are_undone_exactly(images):
    moved = 255 - np.roll(images, (2, -3), axis=(1, 2))
    steps: dict[str, np.ndarray] = {
        'shift': np.array([-2, 3], np.int32),
        'levels': np.arange(255, -1, -1, dtype=np.uint8),
    }
    np.testing.assert_array_equal(front_end.restore(moved, steps), images)


def test_a_blur_is_undone(images):
    rows, columns = (filters._banded(n, np.full(3, 1 / 3)) for n in SHAPE)
    blurred = front_end.restore(images, filters.separable(rows, columns))
    # The levels were rounded after the blur: what is amplified of that cannot be undone.
    mended = front_end.restore(blurred, filters.box_inverse(SHAPE, 3, 3))
    assert error(mended, images) < 0.7 * error(blurred, images)


@pytest.mark.parametrize('name', ['pixels', 'lines'])
def test_dead_lines_are_found_and_filled(name, images):
    broken = images.copy()
    broken[:, 4], broken[:, :, 7] = 255, 0
    dead = filters.dead_pixels(broken)
    expected = np.zeros(SHAPE, bool)
    expected[4], expected[:, 7] = True, True
    np.testing.assert_array_equal(dead, expected)
    lines = filters.dead_lines(dead)
    assert lines is not None
    steps: dict[str, np.ndarray] = {'dead': dead.astype(np.uint8)}
    mended = front_end.restore(broken, lines if name == 'lines' else steps)
    assert error(mended, images) < 0.05 * error(broken, images)
    np.testing.assert_array_equal(mended[:, ~dead], images[:, ~dead])


def test_scattered_dead_pixels_are_no_lines(images):
    broken = images.copy()
    broken[:, 3, 3] = 0
    dead = filters.dead_pixels(broken)
    assert dead.sum() == 1
    assert filters.dead_lines(dead) is None


def test_salt_and_pepper_is_taken_by_the_median(images):
    rng = np.random.default_rng(2)
    broken = np.where(rng.random(images.shape) < 0.05, np.uint8(255), images)
    mended = front_end.restore(broken, {'median': np.asarray(3, np.uint8)})
    assert error(mended, images) < 0.5 * error(broken, images)


def test_the_noise_is_measured_and_the_wiener_filter_takes_some(images):
    rng = np.random.default_rng(3)
    broken = np.rint(images + rng.normal(0, 12, images.shape)).clip(0, 255).astype(np.uint8)
    variance = filters.noise_variance(broken)
    assert 0.7 * 144 < variance < 1.4 * 144  # few pixels, some clipped
    mended = front_end.restore(broken, {'wiener': np.asarray(variance, np.float32)})
    assert error(mended, images) < 0.8 * error(broken, images)


@given(seed=strategies.integers(0, 2**32 - 1))
def test_every_dead_pixel_is_filled_with_a_mean_of_live_ones(seed):
    rng = np.random.default_rng(seed)
    dead = rng.random(rng.integers(1, 7, 2)) < rng.random()
    if dead.all():
        return
    matrix = front_end.fill_matrix(dead)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-5)  # float32 sums
    assert not matrix[:, dead.reshape(-1)].any()
    assert (matrix >= 0).all()


def test_steps_survive_the_way_through_weights():
    steps: dict[str, np.ndarray] = {
        'median': np.asarray(3, np.uint8),
        'shift': np.array([1, 2], np.int32),
    }
    weights = {'head.bias': np.zeros(3), **front_end.tensors(steps)}
    assert set(front_end.steps_of(weights)) == {'median', 'shift'}
    assert set(front_end.without(weights)) == {'head.bias'}


@pytest.mark.parametrize(
    ('steps', 'sentence'),
    [
        ({'levels': np.zeros(255, np.uint8)}, r'front_end.levels must be uint8 \(256,\)'),
        ({'dead': np.zeros((3, 3), np.uint8)}, r'front_end.dead must be uint8 \(12, 10\)'),
        ({'shift': np.zeros(2)}, 'front_end.shift must be int32'),
        ({'mix': np.zeros(2, np.float32)}, 'belong together'),
    ],
)
def test_refuses_what_does_not_fit_the_input(steps, sentence):
    with pytest.raises(UsageError, match=sentence):
        front_end.check(steps, (*SHAPE, 1))
