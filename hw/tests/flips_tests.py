"""In the simulator: the accelerator evolves its binary weights as its integers say."""

from __future__ import annotations

from itertools import islice
import os

import cocotb
from cocotb.utils import get_sim_time
from edge_adapt.engines._accelerator import crc_of, frame_words, parameter_image
from edge_adapt.engines.reference import Reference
from edge_adapt.updaters._bit_flips import evolve
import numpy as np

from hw.cosim.driver import Accelerator, CLOCK_NS, RefusedError
from hw.tests.networks import network_of, random_images, random_weights
from hw.tests.stalls import random_pauses

LANES = int(os.environ.get('LANES', '32'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,48,33').split(','))
PLANES = int(os.environ.get('PLANES', '1'))
WEIGHT_BITS = int(os.environ.get('WEIGHT_BITS', '1'))
FLIP_SAMPLES = int(os.environ.get('FLIP_SAMPLES', '8'))
N_GENERATIONS = int(os.environ.get('N_GENERATIONS', '64'))
NETWORK = network_of(WIDTHS, PLANES)
N_CHILDREN, N_RUNS = 4, 4
IMAGES = random_images(NETWORK, FLIP_SAMPLES, seed=2)
LABELS = np.random.default_rng(1).integers(0, 10, FLIP_SAMPLES)


async def loaded(dut):
    """Reset; write the same weights to both banks, and select bank 0."""
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, 5, WEIGHT_BITS)
    for bank in (0, 1):
        await accelerator.write_bank(bank, parameter_image(NETWORK, weights, LANES))
    await accelerator.select(0)
    return accelerator, weights


def words_of(weights, images):
    return frame_words(NETWORK, weights, images, LANES)


def logits_of(weights, images):
    return Reference().prepare(NETWORK, weights)(images).logits


async def keep(accelerator, weights):
    """Send the samples with their labels."""
    frames = words_of(weights, IMAGES)
    for words, label in zip(frames, LABELS, strict=True):
        await accelerator.send(words, label=int(label))
    for _ in frames:
        await accelerator.results.recv()


@cocotb.test()
@cocotb.parametrize(rate=[4000, 65535])
async def generations_equal_their_integers_while_frames_go_on(dut, rate):
    accelerator, weights = await loaded(dut)
    await keep(accelerator, weights)
    assert await accelerator.read('flip_status') == FLIP_SAMPLES << 16
    await accelerator.write('flip_scale', N_CHILDREN << 16 | rate)
    accelerator.results.set_pause_generator(random_pauses(rate))
    others = random_images(NETWORK, 12, seed=3)
    parent, register, n_accepted, n_frames = weights, 0x1234567, 0, FLIP_SAMPLES
    for run in range(N_RUNS):
        *_, outcome = islice(
            evolve(
                NETWORK,
                parent,
                lambda candidate: logits_of(candidate, IMAGES),
                LABELS,
                seed=register,
                n_children=N_CHILDREN,
                rate=rate,
                lanes=LANES,
            ),
            N_GENERATIONS // N_RUNS,
        )
        await accelerator.write('flip_register', register)
        await accelerator.write('flip_run', N_GENERATIONS // N_RUNS)
        results = await accelerator.infer(words_of(weights, others), probe=bool(run % 2))
        assert await accelerator.read('flip_status') & 1, 'the frames came after the flips'
        wanted = logits_of(weights, others)
        np.testing.assert_array_equal([r.logits for r in results], wanted)
        assert {r.bank for r in results} == {0}, 'a frame saw the bank that is evolved'
        n_frames += len(others)
        await accelerator.idle('flip_status')
        n_accepted += outcome.n_accepted
        parent, register = outcome.weights, outcome.register
        assert await accelerator.read('flip_fitness') == outcome.fitness & 0xFFFFFFFF, run
        assert await accelerator.read('flip_register') == register, run
        assert await accelerator.read('flip_accepted') == n_accepted, run
        image = (await accelerator.read_bank(1))[3:-1]
        np.testing.assert_array_equal(image, parameter_image(NETWORK, parent, LANES)[3:-1])
    assert n_accepted, 'no child was ever taken'
    assert await accelerator.read('frames') == n_frames, "the flips' own frames were counted"
    await accelerator.select(1)
    results = await accelerator.infer(words_of(parent, others))
    np.testing.assert_array_equal([r.logits for r in results], logits_of(parent, others))


@cocotb.test()
async def a_frame_waits_for_one_other_at_most(dut):
    accelerator, weights = await loaded(dut)
    await keep(accelerator, weights)
    await accelerator.write('flip_scale', N_CHILDREN << 16 | 65535)
    (frame,) = words_of(weights, random_images(NETWORK, 1, seed=4))

    async def cycles():
        begin = get_sim_time('ns')
        await accelerator.send(frame)
        await accelerator.results.recv()
        return (get_sim_time('ns') - begin) / CLOCK_NS

    alone = await cycles()
    await accelerator.write('flip_run', 8)
    waited = [await cycles() for _ in range(40)]
    assert await accelerator.read('flip_status') & 1, 'the frames came after the flips'
    assert max(waited) < 2.2 * alone, f'{alone} cycles alone, {waited} beside the flips'


@cocotb.test()
async def nobody_else_gets_the_bank_that_is_evolved(dut):
    accelerator, weights = await loaded(dut)
    await keep(accelerator, weights)
    await accelerator.write('flip_scale', 1 << 16 | 65535)
    await accelerator.write('flip_run', 4)
    for name, value in (
        *(('bank_write', 1), ('bank_write', 0), ('bank_read', 0), ('bank_read', 1)),
        *(('bank_select', 1), ('flip_run', 1), ('flip_clear', 0), ('flip_scale', 1)),
    ):
        await refuse(accelerator, name, value)
    await accelerator.select(0)
    await accelerator.idle('flip_status')
    image = await accelerator.read_bank(1)
    assert image[-1] == crc_of(image[:-1])


@cocotb.test()
async def commands_that_make_no_sense_are_refused(dut):
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, 5, WEIGHT_BITS)
    image = parameter_image(NETWORK, weights, LANES)
    await refuse(accelerator, 'flip_register', 0)
    await accelerator.write('flip_scale', 1 << 16 | 100)
    await accelerator.write_bank(0, image)
    await refuse(accelerator, 'flip_run', 1)
    await accelerator.select(0)
    frame = words_of(weights, IMAGES)[0]
    await accelerator.send(frame[:-1], label=1)
    await accelerator.send(np.concatenate([frame, frame[:1]]), label=1)
    assert await accelerator.read('flip_status') == 0, 'what is no frame was kept'
    await keep(accelerator, weights)
    await refuse(accelerator, 'flip_run', 1)  # the other bank holds nothing
    await accelerator.write_bank(1, image)
    for value in (0, 1 << 16):
        await refuse(accelerator, 'flip_run', value)
    await accelerator.write('flip_scale', 100)
    await refuse(accelerator, 'flip_run', 1)
    await accelerator.write('flip_scale', 1 << 16 | 100)
    await accelerator.write('flip_run', 1)
    await accelerator.idle('flip_status')
    await accelerator.write('flip_clear', 0)
    await refuse(accelerator, 'flip_run', 1)


async def refuse(accelerator, name, value):
    try:
        await accelerator.write(name, value)
    except RefusedError:
        return
    raise AssertionError(f'{name} = {value} was accepted')
