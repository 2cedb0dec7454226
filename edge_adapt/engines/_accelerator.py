"""
What the accelerator (hw/rtl) reads: its geometry, a bank's parameter image, a frame's words.

A parameter image is big-endian 32-bit words: format, geometry, version; what convolutions read
(`_accelerator_convolutions.py`), where there are some; the binary weights neuron by neuron; one
threshold word a neuron; one bias word a class; the head's int8 weights feature by feature, four
classes a word; and the CRC-32 of all that. Bits are packed as in bits.py, rows padded with zeros
to whole words of `lanes` bits. In a first layer of int8 weights each such word is nine: the bit
planes from the least significant on, and a plane of ones. A network of levels has a byte for each
bit (`_accelerator_levels.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
import struct
import zlib

from edge_adapt.bits import unpack_signs
from edge_adapt.engines import _accelerator_convolutions as convolutions
from edge_adapt.engines import _accelerator_levels as levels
from edge_adapt.engines._accelerator_convolutions import ConvolutionGeometry
from edge_adapt.engines._accelerator_words import (
    packed_rows,
    padded,
    plane_rows,
    sum_bits,
    threshold_words,
    U32,
)
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Convolution, Dense, Head, Layer, SumPool, Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, I8, I32, U8, Weights
import numpy as np

FORMAT = 0x45410001
N_HEADER_WORDS = 3
# What a build that learns holds: samples of the head's features, whole frames of flips, and the
# logarithm of the longest window
MAX_SAMPLES, MAX_FLIP_SAMPLES, LOG2_WINDOW = 512, 64, 9


@dataclass(frozen=True, slots=True)
class Geometry:
    """
    What one build of the accelerator runs: `widths` are the inputs and the hidden layers.

    `pixel_planes` is 1 where the first layer reads bits, 8 where it reads 8-bit pixels; there its
    weights may be int8: `first_weight_bits` is 1 or 8. `value_bits` is 1 where neurons give bits,
    8 where they give levels; a word of `lanes` bits holds an eighth of as many of those.
    Where `convolutions` come first, the inputs are their bits.
    """

    widths: tuple[int, ...]
    n_classes: int
    lanes: int = 128
    pixel_planes: int = 1
    first_weight_bits: int = 1
    value_bits: int = 1
    convolutions: ConvolutionGeometry | None = None

    def __post_init__(self) -> None:
        """Refuse what the hardware would refuse to elaborate."""
        if self.lanes < 32 or self.lanes & (self.lanes - 1):
            raise UsageError(f'lanes must be a power of two and at least 32, got {self.lanes}')
        if self.pixel_planes not in (1, 8):
            raise UsageError(f'pixel_planes must be 1 or 8, got {self.pixel_planes}')
        if self.first_weight_bits not in (1, self.pixel_planes):
            raise UsageError(f'first_weight_bits must be 1, or 8 on pixels, got {self}')
        if self.value_bits not in (1, 8) or max(self.pixel_planes, self.value_bits) > 8:
            raise UsageError(f'value_bits must be 1 or 8, got {self.value_bits}')
        if not 2 <= self.n_classes <= 256:
            raise UsageError(f'the accelerator has 2..256 classes, got {self.n_classes}')
        if len(self.widths) < 2 or not all(1 <= width < 1 << 15 for width in self.widths):
            raise UsageError(f'widths must be two or more of 1..32767, got {self.widths}')

    @property
    def crc(self) -> int:
        """Return the number by which hardware and image recognise each other."""
        bits = self.first_weight_bits
        values = (self.lanes, self.value_bits, self.pixel_planes, bits)
        words = (*values, self.n_classes, *self.widths)
        if self.convolutions is not None:
            words += self.convolutions.words
        return zlib.crc32(struct.pack(f'>{len(words)}I', *words))

    @property
    def threshold_limit(self) -> int:
        """Return a limit that sums stay below: a threshold beyond it decides as the limit does."""
        return 1 << sum_bits(self.widths[:-1], self.pixel_planes, self.first_weight_bits) - 1

    @property
    def n_frame_words(self) -> int:
        """Words of `lanes` bits of one frame."""
        if self.convolutions is not None:
            return self.convolutions.n_places
        return self.pixel_planes * self.n_words(self.widths[0])

    @property
    def n_value_words(self) -> int:
        """Words of all hidden layers of one frame."""
        return sum(map(self.n_words, self.widths[1:]))

    def n_words(self, n_values: int) -> int:
        """Words of `lanes` bits that hold n values."""
        return -(-n_values * self.value_bits // self.lanes)

    @property
    def parameters(self) -> dict[str, int | str]:
        """Return the parameters of the module `accelerator`."""
        n_bits = 16 * len(self.widths)
        packed = sum(width << (16 * layer) for layer, width in enumerate(self.widths))
        front = {} if self.convolutions is None else self.convolutions.accelerator_parameters
        return {
            'Lanes': self.lanes,
            'ValueBits': self.value_bits,
            'PixelPlanes': self.pixel_planes,
            'FirstWeightBits': self.first_weight_bits,
            'NLayers': len(self.widths) - 1,
            'Widths': f"{n_bits}'h{packed:x}",
            'NClasses': self.n_classes,
            **front,
        }

    @property
    def learning_parameters(self) -> dict[str, int | str]:
        """Return the parameters of a build that learns, too, all that its neurons can."""
        parameters = self.parameters | {'EsSamples': MAX_SAMPLES}
        if self.value_bits > 1:
            return parameters | {'SgdSamples': MAX_SAMPLES}
        flips = 0 if self.convolutions else MAX_FLIP_SAMPLES
        return parameters | {'StatBits': LOG2_WINDOW, 'FlipSamples': flips}


def geometry_of(network: Network, weights: Weights, lanes: int = 128) -> Geometry:
    """
    Return the geometry that runs `network`; the weights say how wide those of layer one are.

    Raises UsageError unless the layers are [Threshold,] (Dense, Threshold) ..., Head, where the
    first Threshold, where there is one, is of the pixels, or convolutions stand in its place; or
    SumPool, Projection ..., Head.
    """
    layers = network.layers
    if isinstance(layers[0], SumPool):
        widths = levels.widths_of(network)
        return Geometry(widths, network.head.n_classes, lanes, value_bits=8)
    body, head = _body(network), layers[-1]
    on_bits = layers[0] is not body[0] if body else False
    pairs = list(zip(body[::2], body[1::2], strict=False))
    for index, layer in enumerate((*body, head)):
        expected = Head if index == len(body) else (Dense, Threshold)[index % 2]
        if not isinstance(layer, expected) or layer.sources:
            raise UsageError(
                f'the accelerator cannot run layer {layer.name!r} ({type(layer).__name__}) of'
                f' {network.name!r}: it runs fully connected layers, each with a threshold'
            )
    if not pairs or len(body) % 2:
        raise UsageError(f'network {network.name!r} has no hidden layer that ends in a threshold')
    if not on_bits and _dense(pairs[0][0]).zero_point != 128:
        raise UsageError('the accelerator needs the zero point 128 in the first layer')
    widths = (_dense(pairs[0][0]).n_in, *(_dense(dense).n_out for dense, _ in pairs))
    first = weights[f'{pairs[0][0].name}.weights']
    wide = not on_bits and bool(np.any(np.abs(first.astype(np.int16)) != 1))
    front = None
    if isinstance(layers[0], Convolution):
        front = convolutions.geometry_of(network, weights, lanes)
    bits = (1, 1) if on_bits else (8, 8 if wide else 1)
    return Geometry(widths, network.head.n_classes, lanes, *bits, convolutions=front)


def _body(network: Network) -> tuple[Layer, ...]:
    """Return the layers between pixels, or what makes bits of them, and the head."""
    layers = network.layers
    if isinstance(layers[0], Convolution):
        return layers[convolutions.n_layers_of(network) : -1]
    return layers[1:-1] if isinstance(layers[0], Threshold) else layers[:-1]


def _front_words(network: Network, weights: Weights, geometry: Geometry) -> list[U32]:
    """Return the words of convolutions, where there are some."""
    if geometry.convolutions is None:
        return []
    layers = convolutions.layer_words(network, weights, geometry.lanes)
    return [part for layer in layers for part in (layer.weights.reshape(-1), layer.thresholds)]


def parameter_image(network: Network, weights: Weights, lanes: int = 128) -> U32:
    """
    Return the words of a bank that holds `weights`, the CRC last.

    Raises UsageError where the accelerator cannot run the network.
    """
    geometry = geometry_of(network, weights, lanes)
    version = int(weights.version[:8], 16)
    parts = [np.array([FORMAT, geometry.crc, version], np.uint32)]
    if geometry.value_bits > 1:
        parts.extend(levels.layer_words(network, weights, lanes))
        return _with_head(network, weights, parts)
    parts.extend(_front_words(network, weights, geometry))
    body = _body(network)
    for layer in body[::2]:
        rows = weights[f'{layer.name}.weights']
        wide = layer is body[0] and geometry.first_weight_bits > 1
        parts.append(plane_rows(rows, lanes) if wide else packed_rows(rows, layer, lanes))
    limit = geometry.threshold_limit
    parts.extend(threshold_words(weights, layer.name, limit) for layer in body[1::2])
    return _with_head(network, weights, parts)


def _with_head(network: Network, weights: Weights, parts: list[U32]) -> U32:
    """Return an image whose words before the head are there: the head's, and the CRC."""
    head = network.head.name
    parts.append(weights[f'{head}.bias'].astype(np.int32).view(np.uint32))
    parts.append(_head_words(weights[f'{head}.weights']).reshape(-1))
    words = np.concatenate(parts)
    return np.append(words, np.uint32(crc_of(words)))


def with_image(network: Network, weights: Weights, image: U32, lanes: int = 128) -> Weights:
    """Return `weights` with the binary weights that a bank's image holds."""
    geometry = geometry_of(network, weights, lanes)
    changes: dict[str, Array] = {}
    at = N_HEADER_WORDS + sum(map(len, _front_words(network, weights, geometry)))
    first_words = 9 if geometry.first_weight_bits > 1 else 1
    for layer in network.layers:
        if isinstance(layer, Dense):
            shape = (layer.n_out, geometry.n_words(layer.n_in) * lanes // 32)
            n_words = shape[0] * shape[1] * first_words
            if first_words == 1:
                packed = image[at : at + n_words].astype('>u4').reshape(shape).view(np.uint8)
                changes[f'{layer.name}.weights'] = unpack_signs(packed, layer.n_in)
            at, first_words = at + n_words, 1
    return weights.replace(changes)


def crc_of(words: U32) -> int:
    """Return the CRC-32 of words, most significant byte first."""
    return zlib.crc32(words.astype('>u4').tobytes())


def frame_words(network: Network, weights: Weights, images: U8, lanes: int = 128) -> U8:
    """
    Return the words of frames, (n, n_frame_words, lanes / 8) uint8, most significant byte first.

    A first layer on bits gets the pixels' thresholds applied here; a first layer on pixels gets
    bit planes, for each word from the least significant plane on; one on levels gets those.
    Convolutions get a word a place, its colours in the most significant bytes.
    """
    flat = images.reshape(len(images), -1)
    geometry = geometry_of(network, weights, lanes)
    if geometry.value_bits > 1:
        return padded(levels.frame_bytes(network, flat), lanes)
    if geometry.convolutions is not None:
        places = np.zeros((len(images), geometry.n_frame_words, lanes // 8), np.uint8)
        places[..., : images.shape[3]] = images.reshape(*places.shape[:2], -1)
        return places
    if geometry.pixel_planes == 1:
        name = network.layers[0].name
        above = images >= weights[f'{name}.thresholds']
        bits = above ^ (weights[f'{name}.flips'] != 0)
        return padded(np.packbits(bits.reshape(len(images), -1), axis=-1), lanes)
    planes = np.stack([np.packbits((flat >> b) & 1, axis=-1) for b in range(8)], axis=1)
    words = padded(planes, lanes).transpose(0, 2, 1, 3)
    return words.reshape(len(images), -1, lanes // 8)


def logits_from(beat: bytes, n_classes: int) -> I32:
    """Return the logits (n_classes,) of one beat of results, most significant byte first."""
    return np.frombuffer(beat, '>i4')[::-1][:n_classes].astype(np.int32)


def layer_values(geometry: Geometry, words: U8) -> list[I8]:
    """Return bits as +-1, or levels, (n, width) of each hidden layer from (n, n_words, bytes)."""
    values, at = [], 0
    for width in geometry.widths[1:]:
        n_words = geometry.n_words(width)
        rows = np.ascontiguousarray(words[:, at : at + n_words]).reshape(len(words), -1)
        levels_of = rows.view(np.int8)[:, :width]
        values.append(unpack_signs(rows, width) if geometry.value_bits == 1 else levels_of)
        at += n_words
    return values


def _head_words(rows: Array) -> U32:
    """Return (n_features, ceil(n_classes / 4)) words, class 0 in the most significant byte."""
    columns = np.pad(rows.T, ((0, 0), (0, -len(rows) % 4))).astype(np.int8)
    return np.ascontiguousarray(columns).view('>u4').astype(np.uint32)


def _dense(layer: Layer) -> Dense:
    assert isinstance(layer, Dense)
    return layer
