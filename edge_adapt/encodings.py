"""
Image messages and arrays: the fields of sensor_msgs/Image and CompressedImage, without ROS.

Whatever a camera or a stranger sends is checked before its bytes are touched: sizes against each
other and against a cap, so that a lying header costs nothing. Every refusal is a UsageError that
names the value.
"""

from __future__ import annotations

from collections.abc import Callable
import struct
from typing import Any, NamedTuple

import cv2
from edge_adapt.errors import UsageError
from edge_adapt.records import U8
import numpy as np

MAX_PIXELS = 1 << 24  # 16 megapixels: 4096 x 4096
_MAX_SCANS = 64  # of a JPEG; ordinary ones have 1, progressive ones about 10


class _Layout(NamedTuple):
    """`n_bytes` a pixel, and what makes (h, w) grey or (h, w, 3) RGB of the rows' bytes."""

    n_bytes: int
    convert: Callable[[U8], U8]
    is_16_bit: bool = False
    is_even: bool = False  # pixels come in pairs
    min_size: int = 1


def _channels(*order: int) -> Callable[[U8], U8]:
    return lambda pixels: pixels[..., list(order)]


def _by_opencv(code: int) -> Callable[[U8], U8]:
    return lambda pixels: np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _as_they_are(pixels: U8) -> U8:
    return pixels


def _first(pixels: U8) -> U8:
    return pixels[..., 0]


_LAYOUTS = {
    'rgb8': _Layout(3, _as_they_are),
    'bgr8': _Layout(3, _by_opencv(cv2.COLOR_BGR2RGB)),
    'rgba8': _Layout(4, _by_opencv(cv2.COLOR_RGBA2RGB)),
    'bgra8': _Layout(4, _by_opencv(cv2.COLOR_BGRA2RGB)),
    'mono8': _Layout(1, _first),
    '8UC1': _Layout(1, _first),
    # Of 16 bits the upper eight are kept.
    'mono16': _Layout(2, _first, is_16_bit=True),
    'rgb16': _Layout(6, _as_they_are, is_16_bit=True),
    'bgr16': _Layout(6, _channels(2, 1, 0), is_16_bit=True),
    # OpenCV names a Bayer pattern by its second row and column, ROS by its first.
    'bayer_rggb8': _Layout(1, _by_opencv(cv2.COLOR_BayerBG2RGB), min_size=3),
    'bayer_bggr8': _Layout(1, _by_opencv(cv2.COLOR_BayerRG2RGB), min_size=3),
    'bayer_gbrg8': _Layout(1, _by_opencv(cv2.COLOR_BayerGR2RGB), min_size=3),
    'bayer_grbg8': _Layout(1, _by_opencv(cv2.COLOR_BayerGB2RGB), min_size=3),
    'yuv422': _Layout(2, _by_opencv(cv2.COLOR_YUV2RGB_UYVY), is_even=True),
    'uyvy': _Layout(2, _by_opencv(cv2.COLOR_YUV2RGB_UYVY), is_even=True),
    'yuv422_yuy2': _Layout(2, _by_opencv(cv2.COLOR_YUV2RGB_YUY2), is_even=True),
    'yuyv': _Layout(2, _by_opencv(cv2.COLOR_YUV2RGB_YUY2), is_even=True),
}
_DEPTHS = ('16UC1', '32FC1', '16SC1', '64FC1')
ENCODINGS = tuple(_LAYOUTS)


def to_array(
    height: int,
    width: int,
    encoding: str,
    is_bigendian: int,
    step: int,
    data: Any,
    max_pixels: int = MAX_PIXELS,
) -> U8:
    """
    Return the image of a sensor_msgs/Image: (height, width) grey or (height, width, 3) RGB.

    `data` is anything with the buffer protocol; the result may share its memory. Raises
    UsageError where encoding, sizes and data do not fit each other.
    """
    layout = _layout(encoding)
    _check_size(height, width, max_pixels)
    if width % 2 and layout.is_even:
        raise UsageError(f'{encoding} needs an even width, the image is {width}x{height}')
    if min(height, width) < layout.min_size:
        raise UsageError(f'{encoding} needs {layout.min_size} pixels, got {width}x{height}')
    if is_bigendian not in (0, 1):
        raise UsageError(f'is_bigendian must be 0 or 1, got {is_bigendian!r}')
    row = width * layout.n_bytes
    if step < row:
        raise UsageError(f'step must be at least {row} for {width} pixels {encoding}, got {step}')
    flat = _flat(data)
    if len(flat) != height * step:
        raise UsageError(
            f'data must have {height * step} bytes (height {height} x step {step}),'
            f' got {len(flat)}'
        )
    pixels = flat.reshape(height, step)[:, :row]
    if layout.is_16_bit:
        pixels = pixels.reshape(height, row // 2, 2)[..., 0 if is_bigendian else 1]
    return layout.convert(pixels.reshape(height, width, -1))


def from_array(image: U8) -> dict[str, Any]:
    """Return the fields of a sensor_msgs/Image, but for its header; `data` is bytes."""
    height, width = image.shape[:2]
    n_channels = image.shape[2] if image.ndim == 3 else 1
    return {
        'height': height,
        'width': width,
        'encoding': {1: 'mono8', 3: 'rgb8'}[n_channels],
        'is_bigendian': 0,
        'step': width * n_channels,
        'data': image.tobytes(),
    }


def decompress(format_name: str, data: Any, max_pixels: int = MAX_PIXELS) -> U8:
    """
    Return the image of a sensor_msgs/CompressedImage, JPEG or PNG: grey or RGB.

    The bytes say what they are; `format_name` only tells compressed depth, which is refused.
    Raises UsageError where they are neither, cut off, or larger than `max_pixels` once decoded.
    """
    if 'compresseddepth' in format_name.lower():
        raise UsageError(f'compressed image of format {format_name!r} is depth, not a picture')
    packed = _flat(data)
    content = packed.tobytes()
    if content.startswith(b'\x89PNG\r\n\x1a\n'):
        height, width, is_grey = _png_header(content)
    elif content.startswith(b'\xff\xd8'):
        height, width, is_grey = _jpeg_header(content)
    else:
        raise UsageError(
            f'compressed image of format {format_name!r} is neither JPEG nor PNG: it starts with'
            f' {content[:8]!r}'
        )
    _check_size(height, width, max_pixels)
    colour = cv2.IMREAD_GRAYSCALE if is_grey else cv2.IMREAD_COLOR
    try:
        decoded = cv2.imdecode(packed, colour | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise UsageError(f'compressed image cannot be decoded: {error.err}') from error
    if decoded is None or decoded.shape[:2] != (height, width):
        raise UsageError(f'compressed image of {len(content)} bytes cannot be decoded')
    image = np.asarray(decoded, np.uint8)
    return image if is_grey else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def compress(image: U8, kind: str = 'jpeg') -> tuple[str, bytes]:
    """Return format name and bytes of a sensor_msgs/CompressedImage; kind is 'jpeg' or 'png'."""
    is_grey = image.ndim == 2
    pixels = image if is_grey else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, packed = cv2.imencode({'jpeg': '.jpg', 'png': '.png'}[kind], pixels)
    assert done
    encoding = 'mono8' if is_grey else 'bgr8'
    return f'{encoding}; {kind} compressed {encoding}', packed.tobytes()


def _layout(encoding: str) -> _Layout:
    if encoding in _LAYOUTS:
        return _LAYOUTS[encoding]
    reason = 'is depth, not a picture' if encoding in _DEPTHS else 'is not known'
    raise UsageError(f'encoding {encoding!r} {reason}; known are: {", ".join(ENCODINGS)}')


def _check_size(height: int, width: int, max_pixels: int) -> None:
    if min(height, width) < 1:
        raise UsageError(f'image size must be positive, got {width}x{height}')
    if height * width > max_pixels:
        raise UsageError(f'image of {width}x{height} has more than {max_pixels} pixels')


def _flat(data: Any) -> U8:
    """Return the bytes of anything with the buffer protocol, without a copy."""
    try:
        view = memoryview(data)
        return np.frombuffer(view, np.uint8) if view.nbytes else np.empty(0, np.uint8)
    except (TypeError, ValueError) as error:
        raise UsageError(f'image data must be bytes, got {type(data).__name__}') from error


def _png_header(content: bytes) -> tuple[int, int, bool]:
    """
    Return height, width and whether it is grey, of a PNG that is not cut off.

    Walks all chunks (PNG, third edition, 5.3): the decoder makes room for as many bytes as a chunk
    says it has, so each must be there.
    """
    if len(content) < 33 or content[12:16] != b'IHDR':
        raise UsageError(f'PNG image is cut off after {len(content)} bytes')
    at, kind = 8, b''
    while kind != b'IEND':
        n_bytes, kind = int.from_bytes(content[at : at + 4], 'big'), content[at + 4 : at + 8]
        at += 12 + n_bytes  # length, type, data, checksum
        if at > len(content):
            raise UsageError(f'PNG image is cut off after {len(content)} bytes')
    width, height, _, colour = struct.unpack('>IIBB', content[16:26])
    return height, width, colour in (0, 4)


def _jpeg_header(content: bytes) -> tuple[int, int, bool]:
    """
    Return height, width and whether it is grey, of a JPEG that is not cut off.

    Walks the marker segments (ITU-T T.81, annex B) up to the start of frame.
    """
    if b'\xff\xd9' not in content[-64:]:
        raise UsageError(f'JPEG image is cut off after {len(content)} bytes')
    if content.count(b'\xff\xda') > _MAX_SCANS:
        raise UsageError(f'JPEG image has more than {_MAX_SCANS} scans')
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # start of frame
            height, width, n_components = struct.unpack('>HHB', content[at + 5 : at + 10])
            return height, width, n_components == 1
        n_bytes = int.from_bytes(content[at + 2 : at + 4], 'big')
        if marker <= 0x01 or 0xD0 <= marker <= 0xDA or n_bytes < 2:  # nothing to skip by length
            break
        at += 2 + n_bytes
    raise UsageError('JPEG image has no frame header')
