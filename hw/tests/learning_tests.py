"""In the simulator: the accelerator learns from its own frames while it answers others."""

from __future__ import annotations

import os
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from edge_adapt.engines._accelerator import frame_words, parameter_image
from edge_adapt.engines.reference import Reference
from edge_adapt.records import Samples
from edge_adapt.updaters.row_es import RowEs
import numpy as np

from hw.cosim.driver import Accelerator, RefusedError
from hw.tests.es_unit_tests import Objective
from hw.tests.networks import levels_network_of, network_of, random_images, random_weights

LANES = int(os.environ.get('LANES', '32'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,48,33').split(','))
N_SAMPLES = int(os.environ.get('N_SAMPLES', '64'))
VALUE_BITS = int(os.environ.get('VALUE_BITS', '1'))
NETWORK = network_of(WIDTHS, 1) if VALUE_BITS == 1 else levels_network_of(WIDTHS)
N_FEATURES = WIDTHS[-1]
BATCH_SIZE = 16


async def loaded(dut):
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, seed=7)
    await accelerator.write_bank(1, parameter_image(NETWORK, weights, LANES))
    await accelerator.select(1)
    return accelerator, weights


def expected(weights, images):
    return Reference().prepare(NETWORK, weights)(images, [NETWORK.sources[NETWORK.head.name][0]])


@cocotb.test()
async def it_learns_as_row_es_does_while_frames_go_on(dut):
    accelerator, weights = await loaded(dut)
    images = random_images(NETWORK, N_SAMPLES, seed=1)
    labels = np.random.default_rng(1).integers(0, 10, N_SAMPLES)
    frames = frame_words(NETWORK, weights, images, LANES)
    for words, label in zip(frames, labels, strict=True):
        await accelerator.send(words, label=int(label))
    for _ in frames:
        await accelerator.results.recv()
    assert await accelerator.read('es_status') == N_SAMPLES << 16

    outcome = expected(weights, images)
    objective: Any = Objective(outcome.taps[NETWORK.sources[NETWORK.head.name][0]], NETWORK)
    updater = RowEs(1, n_evaluations=10**5, batch_size=BATCH_SIZE, n_generations_a_turn=1)
    task = updater.prepare(objective, weights, Samples(images, labels))
    run: Any = updater.start(task)
    await accelerator.load_state(0, run.values.T.reshape(-1))
    await accelerator.load_state(1, task.mean)
    await accelerator.load_state(2, run.order)
    await accelerator.write('es_register', int(run.register))
    await accelerator.write('es_scale', (task.shift & 31) | task.stride << 8 | 8 << 16)
    await accelerator.write('es_batch', BATCH_SIZE)
    n_generations = N_SAMPLES // BATCH_SIZE
    await accelerator.write('es_run', n_generations)

    others = random_images(NETWORK, 40, seed=2)
    results = await accelerator.infer(frame_words(NETWORK, weights, others, LANES))
    assert await accelerator.read('es_status') & 1, 'the frames came after the learning'
    np.testing.assert_array_equal([r.logits for r in results], expected(weights, others).logits)
    assert await accelerator.read('latency') < 40 * int(np.prod(WIDTHS)), 'frames had to wait'

    while await accelerator.read('es_status') & 1:
        await ClockCycles(dut.clk_i, 100)
    for _ in range(n_generations):
        run = updater.step(task, run)
    np.testing.assert_array_equal(await accelerator.values(N_FEATURES), run.values)
    assert await accelerator.read('es_register') == run.register
    assert await accelerator.read('es_generations') == n_generations

    candidate = updater.best(task, run)
    await accelerator.write_bank(0, parameter_image(NETWORK, candidate, LANES))
    await accelerator.select(0)
    results = await accelerator.infer(frame_words(NETWORK, candidate, others, LANES))
    np.testing.assert_array_equal([r.logits for r in results], expected(candidate, others).logits)


@cocotb.test()
async def commands_that_make_no_sense_are_refused(dut):
    accelerator, weights = await loaded(dut)
    words = frame_words(NETWORK, weights, random_images(NETWORK, 1, 0), LANES)[0]
    refused = [('es_run', 1), ('es_load', 3), ('es_register', 0)]
    for name, value in refused:
        await refuse(accelerator, name, value)
    await accelerator.send(words, label=3)
    await accelerator.results.recv()
    await accelerator.write('es_batch', 1)
    for value in (0, 1 << 16):
        await refuse(accelerator, 'es_run', value)
    await accelerator.write('es_load', 1)
    for name in ('es_run', 'es_store', 'es_clear', 'es_load'):
        await refuse(accelerator, name, 1)


async def refuse(accelerator, name, value):
    try:
        await accelerator.write(name, value)
    except RefusedError:
        return
    raise AssertionError(f'{name} = {value} was accepted')
