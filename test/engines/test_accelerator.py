"""What the accelerator reads is what bits.py and the layer records say."""

from edge_adapt.bits import unpack_signs, xnor_dot
from edge_adapt.engines._accelerator import (
    crc_of,
    frame_words,
    Geometry,
    geometry_of,
    layer_values,
    parameter_image,
    with_image,
)
from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Convolution, Head, Threshold
from edge_adapt.networks.network import Network
import numpy as np
import pytest

from hw.tests.networks import convolutions_of, network_of, random_images, random_weights


def test_words_of_frame_and_weights_give_the_sums_of_the_reference() -> None:
    network = network_of((70, 33, 40), pixel_planes=1)
    weights = random_weights(network, seed=1)
    images = random_images(network, 5, seed=2)
    frames = frame_words(network, weights, images, lanes=32).reshape(5, 1, -1)
    image = parameter_image(network, weights, lanes=32)
    rows = image[3 : 3 + 33 * 3].astype('>u4').view(np.uint8).reshape(1, 33, -1)
    sums = Reference().prepare(network, weights)(images, ['dense0']).taps['dense0']
    np.testing.assert_array_equal(xnor_dot(frames, rows, 70), sums)


def test_bit_planes_give_back_the_pixels() -> None:
    network = network_of((40, 33), pixel_planes=8)
    weights = random_weights(network, seed=1)
    images = random_images(network, 3, seed=2)
    words = frame_words(network, weights, images, lanes=32)  # 2 words, 8 planes each
    planes = words.reshape(3, 2, 8, 4).transpose(0, 2, 1, 3).reshape(3, 8, 8)
    bits = unpack_signs(np.ascontiguousarray(planes), 40) > 0
    values = (bits << np.arange(8)[:, None]).sum(axis=1)
    np.testing.assert_array_equal(values, images.reshape(3, 40))


def test_the_last_word_is_the_crc_of_the_others() -> None:
    network = network_of((40, 33), pixel_planes=1)
    image = parameter_image(network, random_weights(network, seed=1), lanes=32)
    assert image[-1] == crc_of(image[:-1])


def test_bits_of_layers_come_without_their_padding() -> None:
    geometry = Geometry((8, 3, 33), n_classes=2, lanes=32)
    words = np.zeros((1, 3, 4), np.uint8)
    words[0, 0, 0], words[0, 2, 0] = 0b10111111, 0x80
    first, second = layer_values(geometry, words)
    assert first.tolist() == [[1, -1, 1]]
    assert second.tolist() == [[-1] * 32 + [1]]


def test_geometry_tells_bits_pixels_and_wide_weights_apart() -> None:
    for planes, weight_bits in ((1, 1), (8, 1), (8, 8)):
        network = network_of((40, 33), planes)
        geometry = geometry_of(network, random_weights(network, 1, weight_bits), lanes=32)
        assert (geometry.pixel_planes, geometry.first_weight_bits) == (planes, weight_bits)
        assert geometry.widths == (40, 33)


def test_a_network_that_does_not_fit_is_refused_by_layer() -> None:
    convolution = Convolution(name='conv', n_in=1, n_out=4)
    layers = (
        Threshold(name='pixels', n=1),
        convolution,
        Threshold(name='bits', n=4),
        Head(name='head', n_in=64, n_classes=3),
    )
    network = Network('conv', (4, 4, 1), layers, ('a', 'b', 'c'))
    with pytest.raises(UsageError, match=r"cannot run layer 'conv' \(Convolution\)"):
        geometry_of(network, random_weights(network, 1))


def test_convolutions_come_first() -> None:
    network = convolutions_of((6, 8), (1, 8, 16), (True, True), (20,))
    weights = random_weights(network, 1, 8)
    geometry = geometry_of(network, weights, 32)
    assert geometry.widths == (2 * 1 * 16, 20)
    assert geometry.convolutions is not None
    assert geometry.n_frame_words == 6 * 8
    images = random_images(network, 2, seed=1)
    words = frame_words(network, weights, images, 32)
    np.testing.assert_array_equal(words[..., 0], images.reshape(2, -1))
    assert not words[..., 1:].any()
    plain = Geometry(geometry.widths, geometry.n_classes, 32)
    assert geometry.crc != plain.crc


def test_flipped_bits_are_read_back_from_an_image() -> None:
    network = network_of((40, 48, 33), 8)
    weights, other = (random_weights(network, seed, 8) for seed in (1, 2))
    moved = weights.replace({'dense1.weights': other['dense1.weights']})
    read = with_image(network, weights, parameter_image(network, moved, 32), 32)
    assert read.version == moved.version


@pytest.mark.parametrize(
    ('fields', 'sentence'),
    [
        ({'lanes': 48}, 'lanes must be a power of two'),
        ({'pixel_planes': 2}, 'pixel_planes must be 1 or 8'),
        ({'first_weight_bits': 8}, 'first_weight_bits must be 1'),
        ({'n_classes': 1}, '2..256 classes'),
        ({'widths': (8,)}, 'two or more'),
    ],
)
def test_an_illegal_geometry_is_refused(fields: dict, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Geometry(**{'widths': (8, 8), 'n_classes': 2, **fields})
