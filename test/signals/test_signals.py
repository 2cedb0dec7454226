"""Signals: known values, limits, and the same answer for one frame and for a batch."""

from __future__ import annotations

from edge_adapt import native, signals
from edge_adapt.signals.groups import gather, span_of
from edge_adapt.signals.layers import random_signs
from hypothesis import given, settings
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


SHAPE = (12, 10, 3)


def some_frames(n, shape=SHAPE, n_places=30, seed=0):
    """Return images, sums of two layers (64 wide over places, 40 wide) and logits."""
    rng = np.random.default_rng(seed)
    first = rng.integers(-n_places, n_places + 1, (n, 64)).astype(np.int32)
    last = rng.choice([-1, 1], (n, 40)).astype(np.int32)
    logits = (5 * rng.normal(size=(n, 7))).astype(np.float32)
    return rng.integers(0, 256, (n, *shape), np.uint8), first, last, logits


@pytest.fixture(params=['numpy', 'native'])
def frame_signals(request, monkeypatch):
    if request.param == 'numpy':
        monkeypatch.setenv('EDGE_ADAPT_KERNEL', 'numpy')
    elif native.twin() is None:
        pytest.skip('the native kernels are not built')
    return signals.FrameSignals(widths=(64, 40), n_places=(30, 1))


@pytest.mark.parametrize('shape', [(12, 10, 3), (28, 28, 1), (32, 32, 3)])
def test_features_of_a_frame_are_the_same_bits_in_any_batch(frame_signals, shape):
    frames = some_frames(300, shape)  # more than are worked on at once
    batch = frame_signals(*frames)
    assert {name: values.shape[1] for name, values in batch.items()} == signals.GROUP_SIZES
    for i in (0, 1, 31, 127, 128, 299):
        one = frame_signals(*(array[i : i + 1] for array in frames))
        np.testing.assert_array_equal(one.vector[0], batch.vector[i])


@pytest.mark.skipif(native.twin() is None, reason='the native kernels are not built')
@settings(deadline=None)  # the reference is slow
@given(st.tuples(st.integers(4, 40), st.integers(4, 40), st.integers(1, 4)), st.integers(0, 2**32))
def test_native_signals_are_those_of_the_reference(shape, seed):
    frames = some_frames(3, shape, seed=seed)
    twin = signals.FrameSignals(widths=(64, 40), n_places=(30, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('EDGE_ADAPT_KERNEL', 'numpy')
        reference = signals.FrameSignals(widths=(64, 40), n_places=(30, 1))
    found, expected = twin(*frames), reference(*frames)
    for name in (signals.FIRST_LAYER, signals.LAST_LAYER):
        np.testing.assert_array_equal(found[name], expected[name])  # whole numbers, one division
    # doubles through two libraries' logarithms, rounded to float32: one unit in the last place
    np.testing.assert_allclose(found.vector, expected.vector, rtol=3e-7, atol=1e-7)


def test_black_and_saturated_images_are_the_same_in_both():
    for level in (0, 255):
        image = np.full((1, 16, 16, 3), level, np.uint8)
        frames = (image, *some_frames(1)[1:])
        found = signals.FrameSignals(widths=(64, 40), n_places=(30, 1))(*frames)
        assert found.is_finite
        np.testing.assert_allclose(found['blocks'], level / 255, rtol=1e-6)


def test_any_layout_in_memory_will_do(frame_signals):
    frames = some_frames(5)
    turned = [np.asfortranarray(array) for array in frames]
    np.testing.assert_array_equal(frame_signals(*turned).vector, frame_signals(*frames).vector)


def test_an_image_that_the_twin_does_not_know_is_worked_through_in_numpy(frame_signals):
    image = np.zeros((2, 8, 8, 5), np.uint8)  # five channels
    assert frame_signals(image, *some_frames(2)[1:]).is_finite


def test_features_are_gathered_side_by_side_or_not(frame_signals):
    found = frame_signals(*some_frames(2))
    groups = (signals.FIRST_LAYER, signals.LAST_LAYER)
    both = gather(found, groups, span_of(groups))
    assert np.shares_memory(both, found.vector)
    np.testing.assert_array_equal(both, gather(found, groups))
    assert span_of((signals.OUTPUT, signals.PIXELS)) is None
    apart = gather(found, (signals.OUTPUT, signals.PIXELS))
    np.testing.assert_array_equal(apart[:, :4], found['output'])
    np.testing.assert_array_equal(gather(dict(found), tuple(found)), found.vector)


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
    bits = np.where(np.arange(64) % 3 == 0, 1, -1).astype(np.int32)
    # SHAKE-256 of the name and the sizes decides the signs; numpy 2.4.6
    expected = [-0.5, 1.5, 2.75, 0.0]
    np.testing.assert_array_equal(signals.signed_sums(bits, 1, 4, 'first_layer'), expected)


@given(st.integers(0, 2**32))
def test_signed_sums_of_the_largest_sums_are_exact(seed):
    rng = np.random.default_rng(seed)
    sums = rng.choice([-(2**31) + 1, 2**31 - 1], 4096).astype(np.int32)
    signs = random_signs('any', 4096, 2)
    exact = [sum(int(s) * int(x) for s, x in zip(row, sums, strict=True)) for row in signs]
    np.testing.assert_array_equal(
        signals.signed_sums(sums, 1, 2, 'any'), np.float32(np.array(exact, np.float64) / 64)
    )


def test_refuses_an_image_without_room_for_a_grid():
    with pytest.raises(ValueError, match=r'\(3, 9, 1\)'):
        signals.image_features(np.zeros((3, 9, 1), np.uint8))


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_one_number_that_is_none_is_seen(frame_signals, value):
    found = frame_signals(*some_frames(1))
    assert found.is_finite
    spoiled = found.vector.copy()
    spoiled[0, 37] = value
    assert not signals.Features(spoiled).is_finite
    spoiled[0, 37] = 3.4e38
    assert signals.Features(spoiled).is_finite
