"""
The one file format of the package: a header, plain arrays, a digest; nothing executable.

    magic    8 bytes   b'EDGEADPT'
    format   u16       1
    kind     u16       length of the kind's name, then the name in ASCII ('model', 'weights', ...)
    header   u32       length, then JSON: {'about': {...}, 'arrays': [[name, type, shape]]}
    arrays             one after the other, little endian, C order; type 'sign' is +-1 int8 packed
                       to bits (see bits.py)
    digest   32 bytes  SHA-256 over all bytes before it

Every length is checked against the bytes that are there before anything is allocated, so a lying
header costs nothing. Any flipped bit and any truncation is refused. A digest is no proof of good
will: a header that was made to harm gets the same UsageError as a damaged one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import json
import math
from pathlib import Path
import struct
from typing import Any

from edge_adapt.bits import pack_signs, unpack_signs
from edge_adapt.errors import UsageError
from edge_adapt.records import Array
import numpy as np

MAGIC = b'EDGEADPT'
FORMAT = 1
MAX_BYTES = 64 << 20
MAX_HEADER_BYTES = 1 << 20
MAX_DIMENSIONS = 8
_DTYPES = ('|i1', '|u1', '<i2', '<i4', '<i8', '<f4', '<f8')
_HEAD = struct.Struct('<8sHH')
_LENGTH = struct.Struct('<I')
_N_DIGEST = 32

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds; `digest` is the SHA-256 of its bytes, in hexadecimal digits."""

    about: Mapping[str, Any]
    arrays: Mapping[str, Array]
    digest: str


def encode(kind: str, about: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Return the bytes of an archive. Equal content gives equal bytes."""
    entries, chunks = [], []
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        shape = list(np.shape(arrays[name]))
        if _is_signs(array):
            entries.append([name, 'sign', shape])
            chunks.append(pack_signs(array.reshape(-1)).tobytes())
            continue
        array = array.astype(array.dtype.newbyteorder('<'), copy=False)
        dtype = np.dtype(array.dtype).str
        if dtype not in _DTYPES:
            raise ValueError(f'array {name!r} has type {array.dtype}; legal are {_DTYPES}')
        entries.append([name, dtype, shape])
        chunks.append(array.tobytes())
    header = json.dumps(
        {'about': dict(about), 'arrays': entries}, sort_keys=True, separators=(',', ':')
    ).encode()
    name_bytes = kind.encode('ascii')
    body = b''.join(
        [
            _HEAD.pack(MAGIC, FORMAT, len(name_bytes)),
            name_bytes,
            _LENGTH.pack(len(header)),
            header,
            *chunks,
        ]
    )
    return body + hashlib.sha256(body).digest()


def decode(data: bytes, kind: str, source: str = 'archive') -> Archive:
    """
    Return what `data` holds; `source` names it in the messages.

    Raises UsageError where the bytes are not an intact archive of this kind and format.
    """
    reader = _Reader(data, source)
    magic, version, n_kind = _HEAD.unpack(reader.take(_HEAD.size))
    if magic != MAGIC:
        raise UsageError(f'{source} is not an edge_adapt file: it starts with {magic!r}')
    if version != FORMAT:
        raise UsageError(f'{source} has format {version}, this version reads format {FORMAT}')
    body, digest = data[:-_N_DIGEST], data[-_N_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        raise UsageError(f'{source} is damaged: its digest does not match its content')
    found = reader.take(n_kind).decode('ascii', 'replace')
    if found != kind:
        raise UsageError(f'{source} holds {found!r}, expected {kind!r}')
    [n_header] = _LENGTH.unpack(reader.take(_LENGTH.size))
    if n_header > MAX_HEADER_BYTES:
        raise UsageError(f'{source} has a header of {n_header} bytes, most is {MAX_HEADER_BYTES}')
    about, entries = _header_in(reader.take(n_header), source)
    arrays = {name: reader.array(name, dtype, shape) for name, dtype, shape in entries}
    if reader.n_left:
        raise UsageError(f'{source} has {reader.n_left} bytes that belong to no array')
    return Archive(about, arrays, digest.hex())


def read(path: Path, kind: str, max_bytes: int = MAX_BYTES) -> Archive:
    """
    Return the archive in file `path`.

    Raises UsageError where there is no such file, it is larger than `max_bytes`, or damaged.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes > max_bytes:
            raise UsageError(f'{path} has {n_bytes} bytes, at most {max_bytes} are read')
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f'{path} cannot be read: {error.strerror}') from error
    return decode(data, kind, source=str(path))


def _header_in(data: bytes, source: str) -> tuple[dict[str, Any], list[tuple[str, str, Shape]]]:
    """Return the fields of a header; UsageError where it is not of the documented form."""
    try:
        header = json.loads(data)
        about, entries = header['about'], header['arrays']
        named = {name: (name, dtype, tuple(shape)) for name, dtype, shape in entries}
        well_formed = isinstance(about, dict) and len(named) == len(entries)
        well_formed &= all(_is_entry(*entry) for entry in named.values())
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f'{source} has a header that cannot be read: {error}') from error
    if not well_formed:
        raise UsageError(f'{source} has a header that does not describe arrays')
    return about, list(named.values())


def _is_entry(name: Any, dtype: Any, shape: Shape) -> bool:
    if not isinstance(name, str) or not isinstance(dtype, str) or len(shape) > MAX_DIMENSIONS:
        return False
    return all(type(size) is int and 0 <= size <= 8 * MAX_BYTES for size in shape)


class _Reader:
    """Hands out the bytes of an archive in order and refuses to run past their end."""

    def __init__(self, data: bytes, source: str) -> None:
        self._data, self._source, self._at = memoryview(data), source, 0

    @property
    def n_left(self) -> int:
        return len(self._data) - _N_DIGEST - self._at

    def take(self, n_bytes: int) -> bytes:
        if n_bytes > self.n_left:
            raise UsageError(f'{self._source} is truncated: it ends after {len(self._data)} bytes')
        self._at += n_bytes
        return bytes(self._data[self._at - n_bytes : self._at])

    def array(self, name: str, dtype: str, shape: Shape) -> Array:
        if dtype != 'sign' and dtype not in _DTYPES:
            raise UsageError(f'{self._source}: array {name!r} has the unknown type {dtype!r}')
        n_items = math.prod(shape)
        if dtype == 'sign':
            packed = np.frombuffer(self.take(-(-n_items // 8)), np.uint8)
            return unpack_signs(packed, n_items).reshape(shape)
        data = self.take(n_items * np.dtype(dtype).itemsize)
        return np.frombuffer(data, dtype).reshape(shape)


def _is_signs(array: Array) -> bool:
    return array.dtype == np.int8 and array.size > 0 and bool(np.all(np.abs(array) == 1))
