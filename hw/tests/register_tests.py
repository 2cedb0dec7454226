"""In the simulator: what can be written reads back, bit by bit, and every label comes along."""

from __future__ import annotations

import os

import cocotb
from edge_adapt.engines._accelerator import crc_of, frame_words, parameter_image
from edge_adapt.engines.reference import Reference
import numpy as np

from hw.cosim.driver import Accelerator
from hw.registers import addresses
from hw.tests.networks import levels_network_of, network_of, random_images, random_weights

LANES = int(os.environ.get('LANES', '32'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,48,33').split(','))
PLANES = int(os.environ.get('PLANES', '1'))
WEIGHT_BITS = int(os.environ.get('WEIGHT_BITS', '1'))
VALUE_BITS = int(os.environ.get('VALUE_BITS', '1'))
N_SAMPLES = int(os.environ.get('N_SAMPLES', '64'))
NETWORK = network_of(WIDTHS, PLANES) if VALUE_BITS == 1 else levels_network_of(WIDTHS)
SCALE = 'flip_scale' if VALUE_BITS == 1 else 'sgd_scale'
N_WINDOW = 1 << int(os.environ.get('STAT_BITS', '6'))
IMAGES = random_images(NETWORK, 1, seed=3)
KEPT = {'es_scale': 0xFFFFFFFF, 'es_batch': 0xFFFF, 'es_register': 0xFFFFFFFF, SCALE: 0xFFFFFFFF}


@cocotb.test()
async def what_is_kept_reads_back(dut):
    accelerator = await Accelerator.reset(dut)
    for name, mask in KEPT.items():
        for value in (0xFFFFFFFF, 0x55555555, 0xAAAAAAAA, 1):
            await accelerator.write(name, value)
            assert await accelerator.read(name) == value & mask, (name, value)


@cocotb.test()
async def the_map_tells_its_version_and_the_bank_that_runs(dut):
    accelerator = await Accelerator.reset(dut)
    assert await accelerator.read('hardware_version') == 1 << 16
    image = parameter_image(NETWORK, random_weights(NETWORK, 1, WEIGHT_BITS), LANES)
    for bank in (1, 0):
        assert await accelerator.write_bank(bank, image) == 'intact'
        await accelerator.select(bank)
        assert await accelerator.read('bank_select') == bank


@cocotb.test()
async def an_address_without_a_register_is_refused(dut):
    accelerator = await Accelerator.reset(dut)
    known = set(addresses().values())
    for address in set(range(0, 256, 4)) - known:
        assert await accelerator.read_refused(address), address
        assert await accelerator.write_refused(address), address


@cocotb.test()
async def versions_of_any_bits_read_back(dut):
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, 1, WEIGHT_BITS)
    image = parameter_image(NETWORK, weights, LANES)
    for bank, name in enumerate(('bank0_version', 'bank1_version')):
        for version in (0xFFFFFFFF, 0):
            assert await accelerator.write_bank(bank, with_version(image, version)) == 'intact'
            assert await accelerator.read(name) == version


def with_version(image, version):
    """Return an image of another version."""
    words = np.append(image[:2], np.uint32(version))
    words = np.append(words, image[3:-1])
    return np.append(words, np.uint32(crc_of(words)))


@cocotb.test()
async def samples_are_kept_until_they_are_cleared(dut):
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, 1, WEIGHT_BITS)
    await accelerator.write_bank(0, parameter_image(NETWORK, weights, LANES))
    await accelerator.select(0)
    images = random_images(NETWORK, N_SAMPLES + 2, seed=1)
    words = frame_words(NETWORK, weights, images, LANES)
    logits = Reference().prepare(NETWORK, weights)(images).logits
    for turn in range(2):
        for index, (frame, wanted) in enumerate(zip(words, logits, strict=True)):
            await accelerator.send(frame, label=(0, 255, 85, 170)[index % 4])
            result = accelerator._result(await accelerator.results.recv())
            np.testing.assert_array_equal(result.logits, wanted)
        assert await accelerator.read('es_status') == N_SAMPLES << 16, turn
        for unit in ('es',) if VALUE_BITS == 1 else ('es', 'sgd'):
            await accelerator.write(f'{unit}_clear', 0)
            assert await accelerator.read(f'{unit}_status') == 0


@cocotb.test()
async def counts_of_any_size_reach_their_registers(dut):
    accelerator = await Accelerator.reset(dut)
    learning, flips = dut.u_engine.u_learning, dut.u_engine.u_flips
    counts = {'es_generations': learning.gen_es.u_es.u_sequencer.generations_q}
    if VALUE_BITS == 1:
        counts['flip_accepted'] = flips.gen_flips.u_flips.accepted_q
        counts['flip_fitness'] = flips.gen_flips.u_flips.parent_q
        counts['stat_distance'] = learning.gen_stat.u_stat.distance_o
    else:
        counts['sgd_steps'] = learning.gen_sgd.u_sgd.u_sgd.steps_o
    for name, count in counts.items():
        for value in (0xFFFFFFFF, 0x55555555, 0xAAAAAAAA, 0):
            count.value = value
            assert await accelerator.read(name) == value, name


@cocotb.test()
async def runs_of_any_length_are_taken(dut):
    commands = [('es_run', 'es_register', 0xFFFF), ('es_run', 'es_register', 0x5555)]
    if VALUE_BITS == 1:
        commands += [('flip_run', 'flip_register', value) for value in (0xFFFF, 0xAAAA, 0x5555)]
        commands += [('stat_run', '', (N_WINDOW - 1) << 20 | 0x1FFF0), ('stat_run', '', 0)]
    for name, register, value in commands:
        accelerator = await Accelerator.reset(dut)
        image = parameter_image(NETWORK, random_weights(NETWORK, 1, WEIGHT_BITS), LANES)
        for bank in (0, 1):
            await accelerator.write_bank(bank, image)
        await accelerator.select(0)
        frames = frame_words(NETWORK, random_weights(NETWORK, 1, WEIGHT_BITS), IMAGES, LANES)
        await accelerator.send(frames[0], label=1)
        await accelerator.results.recv()
        await accelerator.write('es_batch', 0xFFFF)
        if VALUE_BITS == 1:
            await accelerator.write('flip_scale', 0xFF << 16 | 1)
        if register:
            await accelerator.write(register, 0xFFFFFFFF)
        await accelerator.write(name, value)
        status = f'{name.partition("_")[0]}_status'
        assert await accelerator.read(status) & 1, 'it ended at once'
