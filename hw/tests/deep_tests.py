"""In the simulator: a network of deep memories answers and evolves as its integers say."""

from __future__ import annotations

import os

import cocotb
from edge_adapt.engines._accelerator import frame_words, geometry_of, layer_values, parameter_image
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.layers import Threshold
from edge_adapt.updaters._bit_flips import evolve
import numpy as np

from hw.cosim.driver import Accelerator
from hw.tests.networks import network_of, random_images, random_weights

LANES = int(os.environ.get('LANES', '32'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '400,8').split(','))
N_CLASSES = int(os.environ.get('N_CLASSES', '256'))
FLIP_SAMPLES = int(os.environ.get('FLIP_SAMPLES', '8'))
NETWORK = network_of(WIDTHS, 1, N_CLASSES)
WEIGHTS = random_weights(NETWORK, 1)
N_FRAMES, RATE = 3, 65535


def words_of(images):
    return frame_words(NETWORK, WEIGHTS, images, LANES)


async def loaded(dut):
    accelerator = await Accelerator.reset(dut)
    for bank in (0, 1):
        image = parameter_image(NETWORK, WEIGHTS, LANES)
        assert await accelerator.write_bank(bank, image) == 'intact'
    await accelerator.select(0)
    return accelerator


@cocotb.test()
async def values_equal_the_reference(dut):
    accelerator = await loaded(dut)
    images = random_images(NETWORK, N_FRAMES, seed=1)
    results, words = await accelerator.infer_bits(words_of(images))
    names = [layer.name for layer in NETWORK.layers if isinstance(layer, Threshold)][1:]
    outcome = Reference().prepare(NETWORK, WEIGHTS)(images, names)
    np.testing.assert_array_equal([r.logits for r in results], outcome.logits)
    np.testing.assert_array_equal([r.label for r in results], outcome.logits.argmax(axis=1))
    geometry = geometry_of(NETWORK, WEIGHTS, LANES)
    for name, bits in zip(names, layer_values(geometry, words), strict=True):
        np.testing.assert_array_equal(bits, outcome.taps[name], name)
    image = parameter_image(NETWORK, WEIGHTS, LANES)
    np.testing.assert_array_equal(await accelerator.read_bank(1), image)


def generation(images, labels, register):
    """Return what a child of the weights leaves."""
    return next(
        evolve(
            NETWORK,
            WEIGHTS,
            lambda candidate: Reference().prepare(NETWORK, candidate)(images).logits,
            labels,
            seed=register,
            n_children=1,
            rate=RATE,
            lanes=LANES,
        )
    )


@cocotb.test()
async def a_generation_of_flips_equals_its_integers(dut):
    accelerator = await loaded(dut)
    images = random_images(NETWORK, FLIP_SAMPLES, seed=2)
    labels = np.random.default_rng(1).integers(0, N_CLASSES, FLIP_SAMPLES)
    labels[:4] = (N_CLASSES - 1, 0, 85 % N_CLASSES, 170 % N_CLASSES)
    for words, label in zip(words_of(images), labels, strict=True):
        await accelerator.send(words, label=int(label))
    for _ in images:
        await accelerator.results.recv()
    register = 0x1234567
    while not (outcome := generation(images, labels, register)).n_accepted:
        register += 1
    await accelerator.write('flip_scale', 1 << 16 | RATE)
    await accelerator.write('flip_register', register)
    await accelerator.write('flip_run', 1)
    await accelerator.idle('flip_status')
    assert await accelerator.read('flip_accepted') == 1
    assert await accelerator.read('flip_fitness') == outcome.fitness & 0xFFFFFFFF
    image = (await accelerator.read_bank(1))[3:-1]
    np.testing.assert_array_equal(image, parameter_image(NETWORK, outcome.weights, LANES)[3:-1])
