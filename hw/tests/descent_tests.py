"""In the simulator: the accelerator descends on its head as the integers say, beside frames."""

from __future__ import annotations

import os

import cocotb
from edge_adapt.engines._accelerator import frame_words, parameter_image
from edge_adapt.engines.reference import Reference
from edge_adapt.updaters._integer_sgd import descend, IntegerHead, LIMIT
import numpy as np

from hw.cosim.driver import Accelerator, RefusedError
from hw.tests.networks import levels_network_of, random_images, random_weights
from hw.tests.stalls import random_pauses

LANES = int(os.environ.get('LANES', '64'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,24,17').split(','))
SGD_SAMPLES = int(os.environ.get('SGD_SAMPLES', '32'))
N_STEPS = int(os.environ.get('N_STEPS', '64'))
NETWORK = levels_network_of(WIDTHS)
N_FEATURES, N_CLASSES = WIDTHS[-1], NETWORK.head.n_classes
BIAS_LIMIT = (1 << 23) - 1


async def loaded(dut):
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, seed=7)
    await accelerator.write_bank(1, parameter_image(NETWORK, weights, LANES))
    await accelerator.select(1)
    return accelerator, weights


def run(weights, images):
    """Return the reference's logits and what its head reads."""
    source = NETWORK.sources[NETWORK.head.name][0]
    outcome = Reference().prepare(NETWORK, weights)(images, [source])
    return outcome.logits, outcome.taps[source]


async def keep(accelerator, weights, images, labels):
    frames = frame_words(NETWORK, weights, images, LANES)
    for words, label in zip(frames, labels, strict=True):
        await accelerator.send(words, label=int(label))
    for _ in frames:
        await accelerator.results.recv()


def some_head(seed):
    """Return a head with weights and biases at and near their limits."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-LIMIT, LIMIT + 1, (N_CLASSES, N_FEATURES))
    values[:, :2] = -LIMIT, LIMIT
    biases = rng.integers(-BIAS_LIMIT - 1, BIAS_LIMIT, N_CLASSES)
    biases[:2] = -BIAS_LIMIT - 1, BIAS_LIMIT
    return IntegerHead(values, biases, 0x12345678 + seed)


@cocotb.test()
@cocotb.parametrize(rate=[0, 7], shift=[0, 9])
async def steps_equal_their_integers_while_frames_go_on(dut, rate, shift):
    accelerator, weights = await loaded(dut)
    images = random_images(NETWORK, SGD_SAMPLES, seed=1)
    rng = np.random.default_rng(rate + shift)
    labels = rng.integers(0, N_CLASSES, SGD_SAMPLES)
    await keep(accelerator, weights, images, labels)
    assert await accelerator.read('sgd_status') == SGD_SAMPLES << 16
    head, (_, levels) = some_head(rate), run(weights, images)
    both = np.column_stack([head.values, head.biases])
    await accelerator.load_descent(0, both.T.reshape(-1))
    np.testing.assert_array_equal(await accelerator.descended(N_FEATURES), both)
    await accelerator.write('sgd_register', head.register)
    await accelerator.write('sgd_scale', shift | rate << 8)
    if shift:
        accelerator.results.set_pause_generator(random_pauses(rate))
        accelerator.state_in.set_pause_generator(random_pauses(rate + 1))
        accelerator.state_out.set_pause_generator(random_pauses(rate + 2))
    others = random_images(NETWORK, 8, seed=2)
    extremes = set()
    for part in range(N_STEPS // SGD_SAMPLES):
        order = rng.permutation(SGD_SAMPLES)
        await accelerator.load_descent(1, order)
        await accelerator.write('sgd_run', SGD_SAMPLES)
        results = await accelerator.infer(frame_words(NETWORK, weights, others, LANES))
        np.testing.assert_array_equal([r.logits for r in results], run(weights, others)[0])
        await accelerator.idle('sgd_status')
        for index in order:
            head = descend(head, levels[index], int(labels[index]), shift, rate)
            extremes |= {head.biases.min(), head.biases.max()}
        both = np.column_stack([head.values, head.biases])
        np.testing.assert_array_equal(await accelerator.descended(N_FEATURES), both, f'{part}')
        assert await accelerator.read('sgd_register') == head.register
    assert await accelerator.read('sgd_steps') == N_STEPS // SGD_SAMPLES * SGD_SAMPLES
    if rate == 0:
        assert np.abs(head.values).max() == LIMIT, 'no weight saturated'
        assert extremes & {BIAS_LIMIT, -BIAS_LIMIT - 1}, 'no bias saturated'


@cocotb.test()
async def commands_that_make_no_sense_are_refused(dut):
    accelerator, weights = await loaded(dut)
    for name, value in (('sgd_register', 0), ('sgd_load', 2), ('sgd_run', 1)):
        await refuse(accelerator, name, value)
    for name in ('flip_register', 'flip_scale', 'flip_run', 'flip_clear', 'stat_store'):
        await refuse(accelerator, name, 1)  # not built
    await keep(accelerator, weights, random_images(NETWORK, 2, seed=1), (3, 4))
    for value in (0, SGD_SAMPLES + 1):
        await refuse(accelerator, 'sgd_run', value)
    await accelerator.write('sgd_load', 1)
    for name in ('sgd_run', 'sgd_store', 'sgd_clear', 'sgd_load', 'es_load', 'es_store'):
        await refuse(accelerator, name, 1)


async def refuse(accelerator, name, value):
    try:
        await accelerator.write(name, value)
    except RefusedError:
        return
    raise AssertionError(f'{name} = {value} was accepted')
