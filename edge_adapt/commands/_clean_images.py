"""Images that a network was trained for: of a stream, of a file, or made up."""

from __future__ import annotations

from edge_adapt import registry
from edge_adapt.conversion.statistics import N_IMAGES
from edge_adapt.errors import UsageError
from edge_adapt.records import U8
import numpy as np

SYNTHETIC_ROOM = 2.0  # real images may reach further than those made up
_N_SYNTHETIC = 32


def clean_images(source: str | None, input_shape: tuple[int, int, int]) -> U8:
    """
    Return up to N_IMAGES clean network inputs, evenly chosen from a stream or a file.

    None makes images up. Raises UsageError where the source has none of that shape.
    """
    if source is None:
        return _synthetic_images(input_shape)
    if source.endswith('.npz'):
        try:
            with np.load(source, allow_pickle=False) as arrays:
                images = arrays['images']
        except (OSError, KeyError, ValueError) as error:
            raise UsageError(f'{source} holds no array `images`: {error}') from error
    else:
        stream = registry.load('streams', source)
        images = stream.pool('train').samples(input_shape).images
    if images.dtype != np.uint8 or images.shape[1:] != input_shape or not len(images):
        raise UsageError(
            f'clean images must be uint8 (n, {", ".join(map(str, input_shape))}), got'
            f' {images.dtype} {images.shape}'
        )
    return np.ascontiguousarray(images[:: -(-len(images) // N_IMAGES)])


def _synthetic_images(input_shape: tuple[int, int, int]) -> U8:
    """Return smooth noise: octaves of noise, each twice as coarse and as strong as the last."""
    rng = np.random.default_rng(0)
    height, width, channels = input_shape
    total = np.zeros((_N_SYNTHETIC, *input_shape), np.float32)
    size = 1
    while size <= min(height, width):
        shape = (_N_SYNTHETIC, -(-height // size), -(-width // size), channels)
        coarse = rng.normal(0, size, shape).astype(np.float32)
        total += coarse.repeat(size, 1).repeat(size, 2)[:, :height, :width]
        size *= 2
    total -= total.min(axis=(1, 2, 3), keepdims=True)
    total *= 255 / np.maximum(total.max(axis=(1, 2, 3), keepdims=True), 1e-6)
    return total.astype(np.uint8)
