"""In the simulator: the accelerator answers as the reference does, under any stall."""

from __future__ import annotations

from itertools import cycle, product
import os

import cocotb
from edge_adapt.engines._accelerator import (
    frame_words,
    geometry_of,
    layer_values,
    parameter_image,
)
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.layers import Projection, Threshold
import numpy as np

from hw.cosim.driver import Accelerator, RefusedError
from hw.tests.networks import (
    convolutions_of,
    levels_network_of,
    network_of,
    random_images,
    random_weights,
)
from hw.tests.stalls import random_pauses

LANES = int(os.environ.get('LANES', '32'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,48,33').split(','))
PLANES = int(os.environ.get('PLANES', '1'))
WEIGHT_BITS = int(os.environ.get('WEIGHT_BITS', '1'))
N_FRAMES = int(os.environ.get('N_FRAMES', '1000'))
N_WRITES = int(os.environ.get('N_WRITES', '8'))
VALUE_BITS = int(os.environ.get('VALUE_BITS', '1'))
# Convolutions before the widths: height, width; pools; channels
SIZE, POOLS, CHANNELS = (
    tuple(int(number) for number in part.split(',') if number)
    for part in os.environ.get('CONVOLUTIONS', ';;').split(';')
)
if SIZE:
    NETWORK = convolutions_of(SIZE, CHANNELS, tuple(map(bool, POOLS)), WIDTHS[1:], 10)
else:
    NETWORK = network_of(WIDTHS, PLANES) if VALUE_BITS == 1 else levels_network_of(WIDTHS)

MOVED = ('.thresholds', '.flips', '.offsets', '.shifts')
GEOMETRY = geometry_of(NETWORK, random_weights(NETWORK, 1, WEIGHT_BITS), LANES)


async def loaded(dut, seed: int, bank: int = 0):
    """Reset; write weights of `seed` to `bank` and select it."""
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, seed, WEIGHT_BITS)
    await accelerator.write_bank(bank, parameter_image(NETWORK, weights, LANES))
    await accelerator.select(bank)
    return accelerator, weights


def with_pixels_of(first, second):
    """Return `second` with the pixel thresholds, which are applied outside, of `first`."""
    return second.replace({name: first[name] for name in first if name.startswith('pixels.')})


def expected(weights, images):
    return Reference().prepare(NETWORK, weights)(images).logits


@cocotb.test()
@cocotb.parametrize(idle=[False, True], backpressure=[False, True])
async def logits_equal_the_reference(dut, idle, backpressure):
    accelerator, weights = await loaded(dut, seed=1)
    if idle:
        accelerator.pixels.set_pause_generator(random_pauses(1))
    if backpressure:
        accelerator.results.set_pause_generator(random_pauses(2))
    images = random_images(NETWORK, N_FRAMES // 4, seed=int(idle) + 2 * int(backpressure))
    results = await accelerator.infer(frame_words(NETWORK, weights, images, LANES))
    wanted = expected(weights, images)
    np.testing.assert_array_equal(np.array([r.logits for r in results]), wanted)
    np.testing.assert_array_equal([r.label for r in results], wanted.argmax(axis=1))
    assert {r.bank for r in results} == {0}


@cocotb.test()
@cocotb.parametrize(backpressure=[False, True])
async def hidden_values_equal_the_reference(dut, backpressure):
    accelerator, weights = await loaded(dut, seed=4)
    if backpressure:
        accelerator.bits.set_pause_generator(random_pauses(3))
    images = random_images(NETWORK, 20, seed=9)
    frames = frame_words(NETWORK, weights, images, LANES)
    results, words = await accelerator.infer_bits(frames)
    names = [layer.name for layer in NETWORK.layers if isinstance(layer, Threshold | Projection)]
    names = names[-(len(WIDTHS) - 1) :]  # not those before the fully connected layers
    outcome = Reference().prepare(NETWORK, weights)(images, names)
    np.testing.assert_array_equal([r.logits for r in results], outcome.logits)
    for name, bits in zip(names, layer_values(GEOMETRY, words), strict=True):
        np.testing.assert_array_equal(bits, outcome.taps[name], name)


@cocotb.test()
async def equal_logits_give_the_first_class(dut):
    accelerator, weights = await loaded(dut, seed=1)
    head = NETWORK.head
    level = weights.replace(
        {
            f'{head.name}.weights': np.zeros((head.n_classes, head.n_in), np.int8),
            f'{head.name}.bias': np.full(head.n_classes, -(2**31), np.int32),
        }
    )
    await accelerator.write_bank(1, parameter_image(NETWORK, level, LANES))
    await accelerator.select(1)
    (result,) = await accelerator.infer(
        frame_words(NETWORK, level, random_images(NETWORK, 1, seed=0), LANES)
    )
    assert result.label == 0
    assert set(result.logits) == {-(2**31)}


@cocotb.test()
async def a_selection_takes_effect_between_two_frames(dut):
    accelerator, first = await loaded(dut, seed=1)
    second = with_pixels_of(first, random_weights(NETWORK, 2, WEIGHT_BITS))
    images = random_images(NETWORK, 60, seed=5)
    words = frame_words(NETWORK, first, images, LANES)
    running = cocotb.start_soon(accelerator.infer(words))
    await accelerator.write_bank(1, parameter_image(NETWORK, second, LANES))
    await accelerator.select(1)
    results = await running
    banks = [r.bank for r in results]
    assert banks == sorted(banks)
    assert set(banks) == {0, 1}, 'write and select came too late for the frames'
    both = (expected(first, images), expected(second, images))
    for index, result in enumerate(results):
        np.testing.assert_array_equal(result.logits, both[result.bank][index])


@cocotb.test()
async def a_probe_tries_the_other_bank(dut):
    accelerator, first = await loaded(dut, seed=1)
    second = with_pixels_of(first, random_weights(NETWORK, 2, WEIGHT_BITS))
    images = random_images(NETWORK, 6, seed=6)
    words = frame_words(NETWORK, first, images, LANES)
    (before,) = await accelerator.infer(words[:1], probe=True)
    assert before.bank == 0, 'the other bank holds nothing yet'
    await accelerator.write_bank(1, parameter_image(NETWORK, second, LANES))
    for probe, weights in ((True, second), (False, first)):
        results = await accelerator.infer(words, probe=probe)
        assert {(r.probe, r.bank) for r in results} == {(probe, int(probe))}
        np.testing.assert_array_equal([r.logits for r in results], expected(weights, images))


@cocotb.test()
async def what_was_written_reads_back(dut):
    accelerator, weights = await loaded(dut, seed=3, bank=1)
    image = parameter_image(NETWORK, weights, LANES)
    running = cocotb.start_soon(
        accelerator.infer(frame_words(NETWORK, weights, random_images(NETWORK, 5, 0), LANES))
    )
    np.testing.assert_array_equal(await accelerator.read_bank(1), image)
    await running
    status = await accelerator.status()
    assert status.error == 'intact'
    assert await accelerator.read('bank1_version') == int(weights.version[:8], 16)


@cocotb.test()
async def thresholds_decide_as_they_were_written(dut):
    accelerator, weights = await loaded(dut, seed=3)
    accelerator.image_in.set_pause_generator(random_pauses(4))
    accelerator.image_out.set_pause_generator(random_pauses(5))
    for write in range(N_WRITES):
        drawn = random_weights(NETWORK, 100 + write, WEIGHT_BITS)
        moved = {name: drawn[name] for name in drawn if name.endswith(MOVED)}
        candidate = with_pixels_of(weights, weights.replace(moved))
        bank, image = (write + 1) % 2, parameter_image(NETWORK, candidate, LANES)
        assert await accelerator.write_bank(bank, image) == 'intact'
        np.testing.assert_array_equal(await accelerator.read_bank(bank), image)
        await accelerator.select(bank)
        images = random_images(NETWORK, 3, seed=write)[2:]
        results = await accelerator.infer(frame_words(NETWORK, candidate, images, LANES))
        np.testing.assert_array_equal([r.logits for r in results], expected(candidate, images))


@cocotb.test()
async def a_wrong_image_never_becomes_valid(dut):
    accelerator, weights = await loaded(dut, seed=1)
    good = parameter_image(NETWORK, weights, LANES)
    flipped = good.copy()
    flipped[len(good) // 2] ^= 1
    wrongs = {
        'format': np.append(good[:1] ^ 1, good[1:]),
        'geometry': np.concatenate([good[:1], good[1:2] ^ 1, good[2:]]),
        'too short': good[:-1],
        'too long': np.append(good, good[-1]),
        'crc': flipped,
    }
    images = random_images(NETWORK, 3, seed=1)
    words = frame_words(NETWORK, weights, images, LANES)
    for error, image in wrongs.items():
        assert await accelerator.write_bank(1, image) == error
        status = await accelerator.status()
        assert status.valid == (True, False), error
        try:
            await accelerator.select(1)
        except RefusedError:
            pass
        else:
            raise AssertionError(f'a bank with a wrong image ({error}) was selected')
        results = await accelerator.infer(words)
        np.testing.assert_array_equal([r.logits for r in results], expected(weights, images))


@cocotb.test()
async def a_wrong_header_leaves_the_bank_as_it_was(dut):
    accelerator, weights = await loaded(dut, seed=1)
    image = parameter_image(NETWORK, weights, LANES)
    assert await accelerator.write_bank(1, image) == 'intact'
    assert await accelerator.write_bank(1, image ^ np.uint32(1)) == 'format'
    assert (await accelerator.status()).valid == (True, True)
    np.testing.assert_array_equal(await accelerator.read_bank(1), image)


@cocotb.test()
async def the_selected_bank_is_never_written(dut):
    accelerator, _ = await loaded(dut, seed=1)
    for name, value in (('bank_write', 0), ('bank_write', 2), ('bank_select', 1)):
        try:
            await accelerator.write(name, value)
        except RefusedError:
            continue
        raise AssertionError(f'{name} = {value} was accepted')


@cocotb.test()
async def addresses_that_are_not_there_answer_an_error(dut):
    accelerator, _ = await loaded(dut, seed=1)
    for address in (0xB4, 0xFC):
        assert await accelerator.read_refused(address)
        assert await accelerator.write_refused(address)
    assert await accelerator.write_refused(0x00), 'the id is read only'
    assert await accelerator.read_refused(0x0C), 'a command cannot be read'
    assert await accelerator.read('id') == 0x45414450


@cocotb.test()
async def packets_that_are_no_frame_are_dropped_and_counted(dut):
    accelerator, weights = await loaded(dut, seed=1)
    images = random_images(NETWORK, 2, seed=1)
    words = frame_words(NETWORK, weights, images, LANES)
    await accelerator.send(~words[0][:-1])  # whatever they hold
    await accelerator.send(~np.concatenate([words[0], words[0][:1]]))
    results = await accelerator.infer(words)
    np.testing.assert_array_equal([r.logits for r in results], expected(weights, images))
    assert await accelerator.read('frames_refused') == 2
    assert await accelerator.read('frames') == 2


@cocotb.test()
async def a_sample_with_a_label_of_any_bits_is_answered_too(dut):
    accelerator, weights = await loaded(dut, seed=1)
    images = random_images(NETWORK, 4, seed=4)
    wanted = expected(weights, images)
    frames = frame_words(NETWORK, weights, images, LANES)
    for words, label, logits in zip(frames, (255, 0, 85, 170), wanted, strict=True):
        await accelerator.send(words, label=label)
        result = accelerator._result(await accelerator.results.recv())
        np.testing.assert_array_equal(result.logits, logits)
    assert await accelerator.read('es_status') == 4 << 16


@cocotb.test()
async def registers_answer_under_stalls(dut):
    accelerator, _ = await loaded(dut, seed=1)
    for idle, stalled in product((0, 1), repeat=2):
        accelerator.registers.write_if.aw_channel.set_pause_generator(cycle([idle, 0, 1, 0]))
        accelerator.registers.write_if.b_channel.set_pause_generator(cycle([stalled, 0, 0, 1]))
        accelerator.registers.read_if.r_channel.set_pause_generator(cycle([stalled, 1, 0]))
        await accelerator.select(0)
        assert await accelerator.read('geometry') == accelerator.geometry
    assert await accelerator.read('cycles') > await accelerator.read('busy_cycles')
