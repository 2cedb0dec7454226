"""A container comes back as it was, or not at all."""

from __future__ import annotations

from dataclasses import replace
import math

from edge_adapt import archive
from edge_adapt.errors import UsageError
from edge_adapt.records import Weights
from edge_adapt.store.container import KIND, MAX_BYTES, WeightUpdate
from edge_adapt.store.signing import ANYONE, content_of, SigningKey, Trust
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

KEY = SigningKey.new()
TRUST = Trust.of([KEY.public])
TENSORS = {
    'threshold.thresholds': np.int32,
    'threshold.flips': np.uint8,
    'dense.weights': np.int8,
    'head.weights': np.int8,
    'head.bias': np.int32,
    'head.scale': np.float32,
    'domain.mean': np.float32,
    'domain.deviation': np.float32,
}


def test_comes_back_as_it_was(improve):
    update = improve(3, expires_ns=9, producer='fleet-7', evidence={'rung': 'head', 'gain': 0.25})
    back = WeightUpdate.decode(update.encode(), ANYONE)
    assert back == update
    assert back.arrays['head.bias'].tolist() == update.arrays['head.bias'].tolist()


def test_a_signature_names_its_key(improve):
    back = WeightUpdate.decode(improve(3).encode(KEY), TRUST)
    assert back.signer == KEY.public.name


def test_holds_only_what_differs_from_the_model(improve):
    changed = {'domain.deviation', 'domain.mean', 'head.bias', 'threshold.thresholds'}
    assert set(improve(3).arrays) == changed


def test_applied_to_its_model_it_makes_the_version_it_names(improve, model):
    update = improve(3)
    assert update.apply(model).version == update.version
    assert update.groups(model.network) == ('domain', 'head', 'thresholds')


def test_belongs_to_one_model(improve, model):
    with pytest.raises(UsageError, match='is for model'):
        improve(3).apply(replace(model, digest='cd' * 32))


@pytest.mark.parametrize('signed', [True, False])
def test_every_truncation_is_refused(improve, signed):
    data = improve(3).encode(KEY if signed else None)
    trust = TRUST if signed else ANYONE
    for n_bytes in range(len(data)):
        with pytest.raises(UsageError):
            WeightUpdate.decode(data[:n_bytes], trust)


@pytest.mark.parametrize('signed', [True, False])
def test_every_flipped_bit_of_the_header_is_refused(improve, signed):
    data = improve(3).encode(KEY if signed else None)
    trust = TRUST if signed else ANYONE
    for bit in range(8 * 120):
        with pytest.raises(UsageError):
            WeightUpdate.decode(flipped(data, bit), trust)


@pytest.mark.slow
@pytest.mark.parametrize('signed', [True, False])
def test_every_flipped_bit_is_refused(improve, signed, report):
    data = improve(3).encode(KEY if signed else None)
    trust = Trust.of([KEY.public], allow_unsigned=not signed)
    for bit in range(8 * len(data)):
        with pytest.raises(UsageError):
            WeightUpdate.decode(flipped(data, bit), trust)
    kind = 'a signed container' if signed else 'an unsigned container'
    report(f'flipped bits of {kind}', 8 * len(data), 8 * len(data))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_unsigned_needs_to_be_allowed(improve):
    with pytest.raises(UsageError, match='is not signed'):
        WeightUpdate.decode(improve(3).encode(), TRUST)


def test_a_stranger_is_refused_even_where_unsigned_is_allowed(improve):
    data = improve(3).encode(SigningKey.new())
    with pytest.raises(UsageError, match='not trusted'):
        WeightUpdate.decode(data, Trust.of([KEY.public], allow_unsigned=True))


def test_a_signature_of_other_content_is_refused(improve):
    one, other = improve(3).encode(KEY), improve(4).encode(KEY)
    n_head = len(one) - len(content_of(one, 'one'))
    with pytest.raises(UsageError, match='wrong signature'):
        WeightUpdate.decode(one[:n_head] + content_of(other, 'other'), TRUST)


def test_too_many_bytes_are_refused_unread():
    with pytest.raises(UsageError, match='at most'):
        WeightUpdate.decode(bytes(MAX_BYTES + 1), ANYONE)


@pytest.mark.parametrize(
    ('name', 'array', 'reason'),
    [
        ('head.bias', np.zeros(4, np.int32), 'must be int32'),
        ('head.bias', np.zeros(3, np.int64), 'must be int32'),
        ('head.bias', np.full(3, 2**31 - 1, np.int32), 'must be in'),
        ('head.scale', np.array(np.nan, np.float32), 'NaN'),
        ('head.scale', np.array(np.inf, np.float32), 'NaN or infinite'),
        ('head.scale', np.array(-1, np.float32), 'must be in'),
        ('threshold.flips', np.full(12, 2, np.uint8), 'must be in'),
        ('dense.weights', np.full((12, 16), 3, np.int8), r'\+1 or -1'),
        ('../../etc/passwd', np.zeros(1, np.int8), 'has no tensor'),
        ('domain.colour', np.zeros(1, np.float32), 'has no tensor'),
        ('domain.mean', np.zeros(4, np.float32), 'come together'),
        ('front_end.wiener', np.array(np.nan, np.float32), 'NaN'),
        ('front_end.gain', np.ones(1, np.float32), 'there is no front_end.gain'),
        ('front_end.levels', np.zeros(255, np.uint8), r'must be uint8 \(256,\)'),
        ('front_end.rows', np.zeros((2, 3), np.float32), 'front_end.rows must be'),
    ],
)
def test_arrays_that_do_not_fit_are_refused(model, name, array, reason):
    weights = model.weights.replace({name: array})
    update = WeightUpdate.between(model, weights, 1, 0)
    with pytest.raises(UsageError, match=reason):
        update.apply(model)


def test_says_what_it_makes(model, improve):
    with pytest.raises(UsageError, match='makes other weights'):
        replace(improve(3), version='0' * 16).apply(model)


@pytest.mark.parametrize(
    ('papers', 'reason'),
    [
        ({'producer': 'a\nb'}, 'producer'),
        ({'producer': ''}, 'producer'),
        ({'sequence': 0}, 'sequence'),
        ({'sequence': True}, 'sequence'),
        ({'sequence': 1 << 70}, 'sequence'),
        ({'expires_ns': -1}, 'expires_ns'),
        ({'expires_ns': 1.5}, 'expires_ns'),
        ({'base': '../x'}, 'base'),
        ({'version': 'zz'}, 'version'),
        ({'evidence': {'a': math.nan}}, 'evidence'),
        ({'evidence': {'a': 10**30}}, 'evidence'),
        ({'evidence': {'a': [1]}}, 'evidence'),
        ({'evidence': {'a': 'x' * 201}}, 'evidence'),
        ({'evidence': {f'a{i}': 1 for i in range(65)}}, 'evidence'),
        ({'evidence': 'yes'}, 'evidence'),
        ({'colour': 'red'}, 'other fields'),
    ],
)
def test_papers_outside_their_ranges_are_refused(improve, papers, reason):
    update = improve(3)
    about = {k: v for k, v in vars(update).items() if k not in ('arrays', 'signer')}
    data = archive.encode(KIND, {**about, **papers}, update.arrays)
    with pytest.raises(UsageError, match=reason):
        WeightUpdate.decode(data, ANYONE)


@settings(deadline=None)
@given(st.data())
def test_any_legal_update_survives_the_way(data):
    names = data.draw(st.sets(st.sampled_from(sorted(TENSORS)), min_size=1))
    arrays = {
        name: np.array(
            data.draw(st.lists(st.integers(0, 100), min_size=0, max_size=9)), TENSORS[name]
        )
        for name in names
    }
    update = WeightUpdate('ab' * 32, '0' * 16, Weights(arrays), 1, 'me', 5)
    back = WeightUpdate.decode(update.encode(KEY), TRUST)
    assert back.arrays.version == update.arrays.version


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_in_a_sentence(data):
    with pytest.raises(UsageError):
        WeightUpdate.decode(data, ANYONE)
