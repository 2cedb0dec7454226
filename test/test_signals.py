"""Signals: known values, limits, and the same answer for one frame and for a batch."""

from __future__ import annotations

from edge_adapt import signals
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
import numpy as np
import pytest

LOGITS = hnp.arrays(np.float32, (5, 10), elements=st.floats(-80, 80, width=32))


@given(LOGITS)
def test_probabilities_sum_to_one(logits):
    scores = signals.softmax(logits)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)  # ten float32 additions


def test_entropy_runs_from_certain_to_ignorant():
    certain, ignorant = np.eye(8)[0], np.full(8, 1 / 8)
    assert signals.entropy(certain) == pytest.approx(0, abs=1e-9)
    assert signals.entropy(ignorant) == pytest.approx(np.log(8))


def test_margin_and_energy():
    assert signals.margin(np.array([3.0, 9.0, 4.5])) == 4.5
    assert signals.energy(np.zeros(4)) == pytest.approx(-np.log(4))
    assert signals.energy(np.array([1000.0, 0.0])) == pytest.approx(-1000)


def test_error_counts_wrong_labels():
    np.testing.assert_array_equal(
        signals.label_error(np.array([1, 2, 3]), np.array([1, 0, 3])), [0, 1, 0]
    )


def test_rates_are_shares_of_plus_one():
    bits = np.array([[1, -1, 1, -1], [1, -1, -1, -1]], np.int8)
    np.testing.assert_array_equal(signals.rates(bits), [1, 0, 0.5, 0])


def test_activation_statistics_are_per_channel():
    sums = np.array([[[1, 5], [3, 5]], [[-4, 5], [0, 5]]], np.int32)  # (n, places, channels)
    mean, low, high = signals.activation_statistics(sums)
    np.testing.assert_array_equal([mean, low, high], [[0, 5], [-4, 5], [3, 5]])


def test_class_distance_is_zero_at_the_mean():
    means = np.array([[0.0, 0.0], [3.0, 4.0]])
    found = signals.class_distances(np.array([3.0, 4.0]), means, np.eye(2))
    np.testing.assert_allclose(found, [25, 0])


@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(4, 20), st.integers(4, 20), st.sampled_from([1, 3]))
    )
)
def test_every_image_has_finite_features(image):
    found = signals.image_features(image)
    assert {name: values.shape for name, values in found.items()} == {
        name: (signals.GROUP_SIZES[name],) for name in signals.IMAGE_GROUPS
    }
    assert all(np.isfinite(values).all() for values in found.values())


def test_a_batch_gives_what_each_frame_gives():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 12, 10, 3), np.uint8)  # more than are worked on at once
    bits = rng.choice([-1, 1], (300, 6, 5, 24)).astype(np.int8)
    last = rng.choice([-1, 1], (300, 40)).astype(np.int8)
    logits = rng.normal(size=(300, 7)).astype(np.float32)
    batch = signals.features(images, bits, last, logits)
    assert {name: values.shape[1] for name, values in batch.items()} == signals.GROUP_SIZES
    for i in (0, 127, 128, 299):
        one = signals.features(images[i], bits[i], last[i], logits[i])
        for name, values in one.items():
            # float32 sums of at most 360 terms, in another order
            np.testing.assert_allclose(values, batch[name][i], rtol=1e-4, atol=1e-5)


def named(image):
    return dict(zip(signals.PIXEL_NAMES, signals.image_features(image)['pixels'], strict=True))


def test_pixel_features_mean_what_they_say():
    ramp = np.repeat(np.arange(0, 240, 20, dtype=np.uint8)[None], 12, axis=0)[..., None]
    found = named(ramp)
    assert found['mean'] == pytest.approx(110 / 255)
    assert found['maximum'] == pytest.approx(220 / 255)
    assert found['log horizontal gradient'] == pytest.approx(np.log(20 / 255 + 0.02))
    assert found['log vertical gradient'] == pytest.approx(np.log(0.02))
    assert found['log Laplacian'] == pytest.approx(np.log(0.02), abs=1e-5)
    assert found['gradient autocorrelation'] == pytest.approx(10 / 11, abs=1e-3)
    assert found['centre of mass, horizontal'] > 0.3
    assert found['centre of mass, vertical'] == pytest.approx(0, abs=1e-3)
    assert found['log seam, left to right'] == pytest.approx(np.log(220 / 255 + 0.02))


def test_a_dead_column_is_the_worst_column():
    image = np.full((16, 16, 1), 200, np.uint8)
    quiet = named(image)
    image[:, 7] = 0
    assert named(image)['log worst column'] > quiet['log worst column'] + 3
    assert named(image)['log worst row'] == pytest.approx(quiet['log worst row'], abs=1e-4)


def test_blocks_are_means_of_a_four_by_four_grid():
    image = np.zeros((8, 8, 1), np.uint8)
    image[2:4, 6:8] = 255
    expected = np.zeros(16)
    expected[1 * 4 + 3] = 1
    np.testing.assert_allclose(signals.image_features(image)['blocks'], expected)


def test_signed_sums_are_the_same_on_every_machine():
    bits = np.where(np.arange(64) % 3 == 0, 1, -1).astype(np.int8)
    # SHAKE-256 of the name and the sizes decides the signs; numpy 2.4.6
    expected = [-0.5, 1.5, 2.75, 0.0]
    np.testing.assert_allclose(signals.signed_sums(bits, 4, 'first_layer'), expected)


def test_refuses_an_image_without_room_for_a_grid():
    with pytest.raises(ValueError, match=r'\(3, 9, 1\)'):
        signals.image_features(np.zeros((3, 9, 1), np.uint8))


@pytest.mark.parametrize('shape', [(28, 28, 1), (32, 32, 3)])
def test_features_of_a_frame_are_the_same_bits_in_any_batch(shape):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (33, *shape), np.uint8)
    first = rng.choice(np.array([-1, 1], np.int8), (33, 14, 14, 16))
    last = rng.choice(np.array([-1, 1], np.int8), (33, 256))
    logits = rng.standard_normal((33, 10)).astype(np.float32)
    together = signals.features(images, first, last, logits)
    for i in range(33):
        alone = signals.features(images[i], first[i], last[i], logits[i])
        for group, values in alone.items():
            np.testing.assert_array_equal(together[group][i], values)
