"""
The wire format of protocol buffers, as far as ONNX uses it: numbered fields of four kinds.

A message is a list of fields; each is a varint (number * 8 + kind), then a varint (kind 0),
8 bytes (1), a varint length and that many bytes (2), or 4 bytes (5). Nothing is allocated for a
length that the bytes do not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
import struct

from edge_adapt.errors import UsageError

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
_FIXED = {EIGHT_BYTES: 8, FOUR_BYTES: 4}
_MAX_VARINT_BYTES = 10

Field = tuple[int, int | memoryview]  # number; the integer, or the bytes of any other kind


def fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of a message in order. Raises UsageError where the bytes are no message."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            length, at = varint(message, at)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise UsageError(f'not an ONNX file: field {number} is of unknown kind {kind}')
        if length > len(message) - at:
            raise UsageError('not an ONNX file, or truncated: a field is longer than the file')
        yield number, message[at : at + length]
        at += length


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the unsigned integer at `at`, seven bits a byte, and where it ends."""
    value = 0
    for i in range(_MAX_VARINT_BYTES):
        if at + i >= len(message):
            break
        byte = message[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, at + i + 1
    raise UsageError('not an ONNX file, or truncated: a number does not end')


def signed(value: int) -> int:
    """Return the int64 that a varint holds in two's complement."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def integers(value: int | memoryview) -> list[int]:
    """Return a repeated int64 field's values: one, or many packed together."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(signed(number))
    return found


def encode_varint(value: int) -> bytes:
    """Return the bytes of an integer, negative ones in two's complement of 64 bits."""
    value &= (1 << 64) - 1
    chunk = bytearray()
    while value >= 0x80:
        chunk.append(value & 0x7F | 0x80)
        value >>= 7
    chunk.append(value)
    return bytes(chunk)


def encode(number: int, value: int | float | str | bytes) -> bytes:
    """Return one field: int as varint, float as 4 bytes, str and bytes with their length."""
    if isinstance(value, int):
        return encode_varint(number << 3 | VARINT) + encode_varint(value)
    if isinstance(value, float):
        return encode_varint(number << 3 | FOUR_BYTES) + struct.pack('<f', value)
    data = value.encode() if isinstance(value, str) else value
    return encode_varint(number << 3 | BYTES) + encode_varint(len(data)) + data
