"""The integer statistic is that of real numbers within its bounds, and the same in any order."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from edge_adapt.drift._integer_evidence import IntegerNormal, UNIT
from edge_adapt.errors import UsageError
from hypothesis import example, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

N_FRAMES = 16


def windows(seed, n_windows=60, n_neurons=40, spread=100.0, moved=0.0):
    """Return sums, minima and maxima of windows: neurons vary with the run and with the frame."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(5).integers(-500, 500, n_neurons)
    runs = 0.5 * spread * rng.normal(size=(n_windows, 1, n_neurons))
    frames = spread * rng.normal(size=(n_windows, N_FRAMES, n_neurons))
    sums = np.rint(means + moved * spread + runs + frames).astype(np.int32)
    return sums.sum(axis=1, dtype=np.int64), sums.min(axis=1), sums.max(axis=1)


@pytest.fixture(scope='module')
def normal():
    return IntegerNormal.of(*windows(0))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0.2, 3.0, 100.0, 20_000.0]))
@example(120, 3.0)  # where a neuron is clipped
def test_it_is_the_statistic_of_real_numbers_within_its_bounds(seed, spread):
    sums, lowest, highest = windows(seed, spread=spread)
    normal = IntegerNormal.of(sums, lowest, highest)
    deviation = np.maximum(sums.std(axis=0), 1.0)
    z = (windows(seed + 1, spread=spread)[0] - np.rint(sums.mean(axis=0))) / deviation
    for window, own in zip(windows(seed + 1, spread=spread)[0][:5], z[:5], strict=True):
        # a shift takes less than a step, at most 1/32; where it clips is rounded by half a step
        steps = deviation / (1 << normal.shift)
        slack = np.where(normal.shift > 0, 1.0, 0.0) / steps
        near = np.clip(abs(own) - slack, 0, 4 - 0.5 / steps)
        far = np.clip(abs(own) + slack, 0, 4 + 0.5 / steps)
        found = normal.statistic(window) / UNIT
        # weights are rounded to one part in 500
        assert 0.5 * (near**2).sum() * (1 - 1 / 500) <= found + 1e-9
        assert found <= 0.5 * (far**2).sum() * (1 + 1 / 500) + 1e-9


def test_no_64_bit_sum_overflows_with_the_largest_numbers_there_are():
    sums = np.array([[0, -(2**46)], [2**46, 2**46]] * 20, np.int64).repeat(16_000, axis=1)
    normal = IntegerNormal.of(sums, sums, sums)
    window = np.where(np.arange(32_000) % 2, 2**47, -(2**47)).astype(np.int64)
    exact = sum(
        int(w) * min(max((int(x) - int(c)) >> int(s), -int(limit)), int(limit)) ** 2
        for w, x, c, s, limit in zip(
            normal.weight, window, normal.centre, normal.shift, normal.limit, strict=True
        )
    )
    assert normal.statistic(window) == exact
    assert Fraction(exact, UNIT) < 2**19


def test_the_order_of_the_neurons_does_not_matter(normal):
    window = windows(3, moved=1.0)[0][0]
    order = np.random.default_rng(1).permutation(len(window))
    turned = replace(
        normal,
        centre=normal.centre[order],
        shift=normal.shift[order],
        limit=normal.limit[order],
        weight=normal.weight[order],
    )
    assert turned.statistic(window[order]) == normal.statistic(window)


def test_is_quiet_on_clean_windows_and_finds_a_shift_of_all_neurons(normal):
    assert not any(normal.is_drift(window) for window in windows(1, n_windows=300)[0])
    assert all(normal.is_drift(window) for window in windows(2, moved=2.0)[0])


def test_minima_and_maxima_tell_of_sums_nobody_has_seen(normal):
    _, lowest, highest = windows(1)
    assert normal.n_outside(lowest[0], highest[0]) <= 2
    assert normal.n_outside(lowest[0] - 1000, highest[0]) == 40
    assert normal.n_outside(lowest[0], highest[0] + 1000) == 40


def test_refuses_too_few_windows():
    with pytest.raises(UsageError, match='got 5'):
        IntegerNormal.of(*(array[:5] for array in windows(0)))
