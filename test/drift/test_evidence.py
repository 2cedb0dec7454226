"""The native evidence is that of the reference, frame by frame, in whatever order classes come."""

from __future__ import annotations

from edge_adapt import native
from edge_adapt.drift import Reference
from edge_adapt.drift._evidence import evidence_of, InNumpy, Native
from edge_adapt.drift._normal import Normal
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(native.twin() is None, reason='the native kernels are not built')


def both(normal: Normal) -> tuple[InNumpy, Native]:
    module = native.twin()
    assert module is not None
    return InNumpy(normal), Native(module, normal)


def normals(reference: Reference) -> list[Normal]:
    assert reference.bank is not None
    return [reference.clean, reference.domain, reference.bank]


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 14)), min_size=1, max_size=12),
    st.sampled_from([0.1, 1.0, 30.0]),
    st.integers(0, 2),
)
def test_they_agree_on_every_frame(reference, runs, spread, which):
    normal = normals(reference)[which]
    slow, fast = both(normal)
    rng = np.random.default_rng(len(runs))
    for k, length in runs:
        for _ in range(length):
            features = (normal.centre + spread * rng.normal(size=len(normal.centre))).astype('f4')
            expected, found = slow.update(features, k), fast.update(features, k)
            # double precision in both; sums of at most 60 terms in another order
            assert found[0] == pytest.approx(expected[0], rel=1e-9)
            np.testing.assert_allclose(fast.statistics(), slow.statistics(), rtol=1e-9)
            assert fast.severity(1) == pytest.approx(slow.severity(1), rel=1e-9)


def test_a_restart_forgets_all_runs(reference):
    slow, fast = both(reference.clean)
    ones = reference.clean.centre + 1
    for evidence in (slow, fast):
        for _ in range(20):
            evidence.update(ones, 1)
        evidence.restart()
    assert fast.update(ones, 1)[0] == pytest.approx(slow.update(ones, 1)[0], rel=1e-9)


def test_the_state_fits_in_64_kilobytes_with_what_is_normal(reference):
    assert both(reference.clean)[1].n_bytes < 65_536


def test_numpy_serves_where_it_is_asked_for(reference, monkeypatch):
    assert isinstance(evidence_of(reference.clean), Native)
    monkeypatch.setenv('EDGE_ADAPT_KERNEL', 'numpy')
    assert isinstance(evidence_of(reference.clean), InNumpy)


@pytest.mark.parametrize(
    ('features', 'predicted', 'message'),
    [
        (np.zeros(3, np.float32), 0, 'features'),
        (np.zeros(60, np.float64), 0, 'features'),
        (np.zeros(60, np.float32), 3, 'no class 3'),
        (np.zeros(60, np.float32), -1, 'no class -1'),
    ],
)
def test_refuses_what_does_not_fit(reference, features, predicted, message):
    with pytest.raises(ValueError, match=message):
        both(reference.clean)[1].update(features, predicted)
