"""In the simulator: statistics of the sums and their thresholds equal the updaters'."""

from __future__ import annotations

import os

import cocotb
from cocotb.triggers import ClockCycles
from edge_adapt.engines._accelerator import frame_words, parameter_image
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.layers import Dense
from edge_adapt.updaters._integer_statistics import range_thresholds, rate_thresholds
import numpy as np

from hw.cosim.driver import Accelerator, RefusedError
from hw.tests.networks import network_of, random_images, random_weights
from hw.tests.stalls import random_pauses

LANES = int(os.environ.get('LANES', '32'))
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,48,33').split(','))
PLANES = int(os.environ.get('PLANES', '1'))
WEIGHT_BITS = int(os.environ.get('WEIGHT_BITS', '1'))
STAT_BITS = int(os.environ.get('STAT_BITS', '6'))
N_WINDOWS = int(os.environ.get('N_WINDOWS', '2'))
NETWORK = network_of(WIDTHS, PLANES)
N_NEURONS = sum(WIDTHS[1:])


async def loaded(dut, seed):
    accelerator = await Accelerator.reset(dut)
    weights = random_weights(NETWORK, seed, WEIGHT_BITS)
    await accelerator.write_bank(0, parameter_image(NETWORK, weights, LANES))
    await accelerator.select(0)
    return accelerator, weights


def sums_of(weights, images):
    """Return the sums (n_frames, n_neurons), and which of them reach their thresholds."""
    names = [layer.name for layer in NETWORK.layers if isinstance(layer, Dense)]
    outcome = Reference().prepare(NETWORK, weights)(images, names)
    layers = [layer for layer in NETWORK.thresholds if layer.name != 'pixels']
    sums = [outcome.taps[name] for name in names]
    reached = [
        values >= weights[f'{layer.name}.thresholds']
        for values, layer in zip(sums, layers, strict=True)
    ]
    return np.concatenate(sums, axis=1), np.concatenate(reached, axis=1)


async def count(accelerator, weights, images, command):
    """Run a pass over the frames."""
    await accelerator.write('stat_run', command | len(images) - 1 << 20)
    await accelerator.infer(frame_words(NETWORK, weights, images, LANES))
    while await accelerator.read('stat_status'):
        await ClockCycles(accelerator.dut.clk_i, 100)


def targets(seed, n_frames):
    """Return q and slope of each neuron, extreme ones among them."""
    rng = np.random.default_rng(seed)
    wanted = rng.integers(0, n_frames + 1, N_NEURONS)
    parts = rng.integers(-400, 400, N_NEURONS)
    wanted[:2], parts[:4] = (0, n_frames), (-32767, 32767, 0, -1)
    return wanted, parts


@cocotb.test()
@cocotb.parametrize(log2=[0, 3, STAT_BITS])
async def moments_and_range_thresholds_equal_the_updater(dut, log2):
    accelerator, weights = await loaded(dut, seed=11 + log2)
    wanted, parts = targets(log2, 1 << log2)
    await accelerator.load_statistics(wanted, parts)
    accelerator.pixels.set_pause_generator(random_pauses(log2))
    accelerator.results.set_pause_generator(random_pauses(log2 + 1))
    for window in range(N_WINDOWS):  # a window leaves nothing behind for the next
        images = random_images(NETWORK, 1 << log2, seed=log2 + 8 * window) // (window % 2 + 1)
        await count(accelerator, weights, images, log2)
        table = await accelerator.statistics()
        sums, reached = sums_of(weights, images)
        np.testing.assert_array_equal(table.totals, sums.sum(axis=0, dtype=np.int64))
        np.testing.assert_array_equal(table.lows, sums.min(axis=0))
        np.testing.assert_array_equal(table.highs, sums.max(axis=0))
        np.testing.assert_array_equal(table.counts, reached.sum(axis=0))
        np.testing.assert_array_equal(table.bases, range_thresholds(sums, parts))
        first = np.abs(reached.sum(axis=0) - wanted)[: WIDTHS[1]]
        assert await accelerator.read('stat_distance') == first.sum()


@cocotb.test()
@cocotb.parametrize(n_frames=[3, 1 << STAT_BITS])
async def a_search_by_rate_ends_at_the_updaters_thresholds(dut, n_frames):
    accelerator, weights = await loaded(dut, seed=2)
    images = random_images(NETWORK, n_frames, seed=n_frames)
    wanted, parts = targets(n_frames, n_frames)
    await accelerator.load_statistics(wanted, parts)
    await count(accelerator, weights, images, 1 << 16)
    table = await accelerator.statistics()
    sums, _ = sums_of(weights, images)
    np.testing.assert_array_equal(table.bases, sums.min(axis=0))
    for bit in reversed(range(int((table.highs - table.lows).max()).bit_length())):
        await count(accelerator, weights, images, bit << 8 | 2 << 16)
    table = await accelerator.statistics()
    np.testing.assert_array_equal(table.bases, rate_thresholds(sums, wanted))


@cocotb.test()
async def probes_and_frames_under_way_do_not_count(dut):
    accelerator, weights = await loaded(dut, seed=3)
    await accelerator.write_bank(1, parameter_image(NETWORK, weights, LANES))
    images = random_images(NETWORK, 4, seed=5)
    words = frame_words(NETWORK, weights, images, LANES)
    await accelerator.send(words[0])
    # In the middle of that frame, past its first neuron: 81 cycles a word of int8 weights
    await ClockCycles(dut.clk_i, 60 if WEIGHT_BITS == 1 else 360)
    await accelerator.write('stat_run', 1 << 20)
    await accelerator.infer(words[1:2], probe=True)
    await accelerator.results.recv()
    await accelerator.infer(words[2:4])
    while await accelerator.read('stat_status'):
        await ClockCycles(dut.clk_i, 100)
    table = await accelerator.statistics()
    sums, _ = sums_of(weights, images[2:4])
    np.testing.assert_array_equal(table.totals, sums.sum(axis=0, dtype=np.int64))


@cocotb.test()
async def commands_that_make_no_sense_are_refused(dut):
    accelerator, _ = await loaded(dut, seed=3)
    for value in (STAT_BITS + 1, 3 << 16, 1 << 18, 1 << STAT_BITS + 20):
        await refuse(accelerator, 'stat_run', value)
    await accelerator.write('stat_run', 0)
    for name in ('stat_run', 'stat_load', 'stat_store', 'es_load', 'es_store'):
        await refuse(accelerator, name, 0)


async def refuse(accelerator, name, value):
    try:
        await accelerator.write(name, value)
    except RefusedError:
        return
    raise AssertionError(f'{name} = {value} was accepted')
