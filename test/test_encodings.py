"""Every encoding a camera sends becomes the picture; everything malformed becomes a sentence."""

from __future__ import annotations

import array
import struct
from typing import Any

import cv2
from edge_adapt.encodings import compress, decompress, ENCODINGS, from_array, to_array
from edge_adapt.errors import UsageError
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

RED = (200, 120, 30)


def _packed(encoding: str, is_bigendian: int = 0) -> Any:
    """Return an 8x6 picture of one colour, by hand: (height, bytes of a row)."""
    red, green, blue = RED
    patterns = {
        'rgb8': [red, green, blue],
        'bgr8': [blue, green, red],
        'rgba8': [red, green, blue, 9],
        'bgra8': [blue, green, red, 9],
        'mono8': [green],
        '8UC1': [green],
        'mono16': [green, 7] if is_bigendian else [7, green],
        'rgb16': [red, 7, green, 7, blue, 7] if is_bigendian else [7, red, 7, green, 7, blue],
        'bgr16': [blue, 7, green, 7, red, 7] if is_bigendian else [7, blue, 7, green, 7, red],
        'bayer_rggb8': [[red, green], [green, blue]],
        'bayer_bggr8': [[blue, green], [green, red]],
        'bayer_gbrg8': [[green, blue], [red, green]],
        'bayer_grbg8': [[green, red], [blue, green]],
        # ITU-R BT.601, video range: this grey has Y = 16 + 219 / 255 * 120 = 119.
        'yuv422': [128, 119],
        'uyvy': [128, 119],
        'yuv422_yuy2': [119, 128],
        'yuyv': [119, 128],
    }
    pattern = np.array(patterns[encoding], np.uint8)
    return np.tile(pattern, (3, 4)) if pattern.ndim == 2 else np.tile(pattern, (6, 8))


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('is_bigendian', [0, 1])
@pytest.mark.parametrize('encoding', ENCODINGS)
def test_every_encoding_gives_the_colour(encoding: str, is_bigendian: int, padding: int) -> None:
    rows = np.pad(_packed(encoding, is_bigendian), [(0, 0), (0, padding)], constant_values=77)
    image = to_array(6, 8, encoding, is_bigendian, rows.shape[1], rows.tobytes())
    assert image.dtype == np.uint8
    if encoding in ('mono8', '8UC1', 'mono16'):
        np.testing.assert_array_equal(image, np.full((6, 8), RED[1]))
    elif 'u' in encoding:
        np.testing.assert_allclose(image, np.full((6, 8, 3), 120), atol=1)  # rounded by OpenCV
    else:
        np.testing.assert_array_equal(image, np.tile(np.array(RED), (6, 8, 1)))


@pytest.mark.parametrize('wrap', [bytes, bytearray, memoryview, lambda b: array.array('B', b)])
def test_any_buffer_is_read(wrap: Any) -> None:
    assert to_array(2, 3, 'mono8', 0, 3, wrap(b'abcdef'))[1, 0] == ord('d')


@pytest.mark.parametrize('shape', [(4, 6), (4, 6, 3)])
def test_an_array_survives_the_way_there_and_back(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(to_array(**from_array(image)), image)
    format_name, data = compress(image, 'png')
    np.testing.assert_array_equal(decompress(format_name, data), image)


def test_a_jpeg_is_the_picture_nearly() -> None:
    image = np.full((40, 60, 3), RED, np.uint8)
    format_name, data = compress(image)
    assert format_name == 'bgr8; jpeg compressed bgr8'
    np.testing.assert_allclose(decompress(format_name, data), image, atol=3)  # lossy


GOOD = {
    'height': 4,
    'width': 6,
    'encoding': 'rgb8',
    'is_bigendian': 0,
    'step': 18,
    'data': bytes(72),
}


@pytest.mark.parametrize(
    ('wrong', 'sentence'),
    [
        ({'encoding': '16UC1'}, "'16UC1' is depth, not a picture; known are: rgb8"),
        ({'encoding': '32FC1'}, "'32FC1' is depth"),
        ({'encoding': 'rgb9'}, "'rgb9' is not known; known are: rgb8, bgr8"),
        ({'encoding': ''}, "encoding '' is not known"),
        ({'encoding': 'RGB8'}, "'RGB8' is not known"),
        ({'encoding': 'nv12'}, "'nv12' is not known"),
        ({'height': 0}, 'size must be positive, got 6x0'),
        ({'width': 0}, 'size must be positive, got 0x4'),
        ({'height': -4}, 'size must be positive, got 6x-4'),
        ({'height': 2**32 - 1, 'width': 2**32 - 1}, 'more than 16777216 pixels'),
        ({'height': 2**32 - 1}, 'more than 16777216 pixels'),
        ({'height': 0, 'width': 0, 'step': 0, 'data': b''}, 'size must be positive'),
        ({'step': 17}, 'step must be at least 18 for 6 pixels rgb8, got 17'),
        ({'step': 0}, 'step must be at least 18'),
        ({'step': -18}, 'step must be at least 18'),
        ({'step': 6}, 'step must be at least 18'),
        ({'step': 2**32 - 1}, 'data must have 17179869180 bytes'),
        ({'step': 19}, r'data must have 76 bytes \(height 4 x step 19\), got 72'),
        ({'data': b''}, 'data must have 72 bytes .* got 0'),
        ({'data': bytes(71)}, 'got 71'),
        ({'data': bytes(73)}, 'got 73'),
        ({'data': [0] * 72}, 'image data must be bytes, got list'),
        ({'data': 'x' * 72}, 'image data must be bytes, got str'),
        ({'data': None}, 'image data must be bytes, got NoneType'),
        ({'is_bigendian': 2}, 'is_bigendian must be 0 or 1, got 2'),
        ({'encoding': 'mono16', 'step': 11}, 'step must be at least 12'),
        ({'encoding': 'rgba8'}, 'step must be at least 24'),
        ({'encoding': 'bayer_rggb8', 'width': 2}, 'bayer_rggb8 needs 3 pixels, got 2x4'),
        ({'encoding': 'bayer_rggb8', 'height': 1}, 'bayer_rggb8 needs 3 pixels, got 6x1'),
        ({'encoding': 'uyvy', 'width': 5}, 'uyvy needs an even width'),
    ],
)
def test_a_malformed_image_is_told(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        to_array(**{**GOOD, **wrong})


def _jpeg_of(height: int, width: int) -> bytes:
    """Return a JPEG whose header lies about its size."""
    _, data = compress(np.zeros((8, 8, 3), np.uint8))
    at = data.index(b'\xff\xc0') + 5
    return data[:at] + struct.pack('>HH', height, width) + data[at + 4 :]


def _png_of(height: int, width: int) -> bytes:
    _, data = compress(np.zeros((8, 8, 3), np.uint8), 'png')
    return data[:16] + struct.pack('>II', width, height) + data[24:]


@pytest.mark.parametrize(
    ('data', 'sentence'),
    [
        (b'', 'neither JPEG nor PNG'),
        (b'GIF89a', "neither JPEG nor PNG: it starts with b'GIF89a'"),
        (b'\xff\xd8', 'cut off after 2 bytes'),
        (b'\xff\xd8\xff\xd9', 'no frame header'),
        (b'\xff\xd8\xff\xe0\x00\x00' + bytes(20) + b'\xff\xd9', 'no frame header'),
        (b'\xff\xd8\xff\xd0' + _jpeg_of(8, 8)[2:], 'no frame header'),
        (b'\xff\xd8' + b'\xff\xda' * 65 + b'\xff\xd9', 'more than 64 scans'),
        (_jpeg_of(65535, 65535), 'more than 16777216 pixels'),
        (_jpeg_of(0, 8), 'size must be positive'),
        (_jpeg_of(8, 8)[:-40], 'JPEG image is cut off'),
        (b'\x89PNG\r\n\x1a\n', 'PNG image is cut off'),
        (_png_of(2**31 - 1, 2**31 - 1), 'more than 16777216 pixels'),
        (_png_of(0, 0), 'size must be positive'),
        (_png_of(8, 8)[:-20], 'PNG image is cut off'),
        (_png_of(8, 8).replace(b'\0\0\0\0IEND', b'\x70\0\0\0IEND'), 'PNG image is cut off'),
    ],
)
def test_malformed_bytes_are_told(data: bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        decompress('jpeg', data)


def test_compressed_depth_is_refused() -> None:
    with pytest.raises(UsageError, match='is depth, not a picture'):
        decompress('16UC1; compressedDepth', _png_of(8, 8))


@settings(deadline=None)
@given(
    height=st.integers(-2, 9),
    width=st.integers(-2, 9),
    encoding=st.sampled_from([*ENCODINGS, '16UC1', 'x']),
    is_bigendian=st.integers(-1, 2),
    step=st.integers(-1, 60),
    data=st.binary(max_size=600),
    fits=st.booleans(),
)
def test_no_fields_break_it(data: bytes, fits: bool, **fields: Any) -> None:
    if fits:
        data = bytes(max(0, fields['height'] * fields['step']))
    try:
        image = to_array(data=data, **fields)
    except UsageError:
        return
    assert image.shape[:2] == (fields['height'], fields['width'])
    assert image.dtype == np.uint8


@settings(deadline=None, max_examples=300)
@given(
    kind=st.sampled_from(['jpeg', 'png']),
    is_grey=st.booleans(),
    at=st.integers(0, 2000),
    junk=st.binary(min_size=1, max_size=8),
)
def test_no_bytes_break_it(kind: str, is_grey: bool, at: int, junk: bytes) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = ramp if is_grey else cv2.merge([ramp, ramp, ramp[::-1]])
    format_name, data = compress(np.asarray(image, np.uint8), kind)
    at %= len(data)
    try:
        decoded = decompress(format_name, data[:at] + junk + data[at + len(junk) :], 10_000)
    except UsageError:
        return
    assert decoded.dtype == np.uint8
    assert decoded.shape[0] * decoded.shape[1] <= 10_000
