"""An archive comes back as it was, or is refused in a sentence."""

from __future__ import annotations

import hashlib
import json
import struct

from edge_adapt import archive
from edge_adapt.errors import UsageError
from edge_adapt.records import Array
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest


def archived(header: bytes, n_kind: int = 4, payload: bytes = b'') -> bytes:
    """Return an archive of kind 'test' with a correct digest, whatever its header says."""
    body = struct.pack('<8sHH', b'EDGEADPT', 1, n_kind) + b'test'
    body += struct.pack('<I', len(header)) + header + payload
    return body + hashlib.sha256(body).digest()


def described(arrays: object, about: object = None) -> bytes:
    return archived(json.dumps({'about': about or {}, 'arrays': arrays}).encode())


def test_comes_back_as_it_was():
    arrays: dict[str, Array] = {
        'signs': np.array([[1, -1, 1]], np.int8),
        'scale': np.array(0.5, np.float32),
        'empty': np.zeros((0, 3), np.int32),
    }
    found = archive.decode(archive.encode('test', {'a': [1, 'x']}, arrays), 'test')
    assert found.about == {'a': [1, 'x']}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape


@pytest.mark.parametrize(
    'data',
    [
        archived(b''),
        archived(b'7'),
        archived(b'{}'),
        archived(b'\xff\xfe'),
        archived(b'[' * 200_000),
        archived(b'{"about":{},"arrays":[],"x":' + b'9' * 5000 + b'}'),
        archived(b'{"about":{},"arrays":[]}', payload=b'left'),
        archived(b'{"about":{},"arrays":[]}', n_kind=0),
        archived(b'{"about":{},"arrays":[]}', n_kind=65535),
        described([['a', '<i4', [-1]]]),
        described([['a', '<i4', [1 << 40]]]),
        described([['a', '<i4', [0, 1 << 62]]]),
        described([['a', '<i4', [1.5]]]),
        described([['a', '<i4', [True]]]),
        described([['a', '<i4', ['1']]]),
        described([['a', '<i4', [0] * 9]]),
        described([['a', '<i4', {}]]),
        described([['a', '<i4', 3]]),
        described([['a', '|O', [0]]]),
        described([['a', 'sign', [1 << 29]]]),
        described([[1, '<i4', [0]]]),
        described([['a', '<i4', [0]], ['a', '<i4', [0]]]),
        described([['a', '<i4']]),
        described({'a': 1}),
        described([], about=[1]),
    ],
)
def test_a_header_that_was_made_to_harm_is_refused(data):
    with pytest.raises(UsageError):
        archive.decode(data, 'test')


@given(st.binary(max_size=200))
def test_any_header_bytes_are_refused_or_read(header):
    try:
        archive.decode(archived(header), 'test')
    except UsageError:
        return
    assert json.loads(header)['arrays'] is not None


def test_a_header_that_is_too_long_is_not_parsed():
    with pytest.raises(UsageError, match='most is 1048576'):
        archive.decode(archived(b' ' * (1 << 20) + b'{}'), 'test')


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / 'f').write_bytes(bytes(100))
    with pytest.raises(UsageError, match='at most 99'):
        archive.read(tmp_path / 'f', 'test', max_bytes=99)
