"""In the simulator: every step of every layer is taken once, in order, however long it waits."""

from __future__ import annotations

from itertools import pairwise
import os

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from cocotb.utils import get_sim_time
import numpy as np

from hw.tests.clocked import CLOCK_NS, parameter, reset

LANES = parameter('Lanes', 32)
N_PLANES = 9 if parameter('PixelPlanes', 1) > 1 else 1
N_WEIGHT_PLANES = 9 if parameter('FirstWeightBits', 1) > 1 else 1
WIDTHS = tuple(int(width) for width in os.environ.get('WIDTHS', '40,3').split(','))
INPUTS = ('frame_valid', 'frame_user', 'frame_ready', 'layer_done', 'head_ready', 'head_done')
MOST_STEPS = 10_000  # that are looked at one by one
# of bnn_pkg::step_t, the first the most significant
FIELDS = {
    **{'valid': 1, 'first': 1, 'last': 1, 'layer_last': 1, 'pixels': 1, 'ones': 1},
    **{'last_word': 1, 'add': 1, 'shift': 4, 'word': 16, 'plane': 4, 'head': 1, 'parity': 1},
}


def steps_of(layer):
    """Yield (word, weight plane, plane, whether it is the neuron's last) of a neuron."""
    n_words = -(-WIDTHS[layer] // LANES)
    n_planes, n_weight_planes = (N_PLANES, N_WEIGHT_PLANES) if layer == 0 else (1, 1)
    last = n_words * n_weight_planes * n_planes - 1
    for at in range(last + 1):
        rest, plane = divmod(at, n_planes)
        word, weight_plane = divmod(rest, n_weight_planes)
        yield word, weight_plane, plane, at == last


def wanted():
    """Yield the fields of all steps of a frame."""
    n_layers = len(WIDTHS) - 1
    for layer in range(n_layers):
        n_words, wide = -(-WIDTHS[layer] // LANES), layer == 0 and N_PLANES > 1
        for neuron in range(WIDTHS[layer + 1]):
            for word, weight_plane, plane, last in steps_of(layer):
                ones = wide and plane == 8
                shift = (0 if ones else plane) + weight_plane % 8 if wide else 1
                yield {
                    'first': word == weight_plane == plane == 0,
                    'last': last,
                    'layer_last': last and neuron == WIDTHS[layer + 1] - 1,
                    'pixels': layer == 0,
                    'ones': ones,
                    'last_word': word == n_words - 1,
                    'add': ones != (weight_plane >= 7),
                    'shift': shift,
                    'word': word,
                    'plane': plane,
                    'head': layer == n_layers - 1,
                    'parity': layer % 2,
                }


def fields(word):
    found = {}
    for name, n_bits in reversed(FIELDS.items()):
        found[name], word = word & (1 << n_bits) - 1, word >> n_bits
    return found


def n_steps():
    layers = enumerate(pairwise(WIDTHS))
    return sum(n_out * sum(1 for _ in steps_of(layer)) for layer, (_, n_out) in layers)


@cocotb.test(skip=n_steps() > MOST_STEPS)
async def steps_are_those_of_the_network(dut):
    falling = await reset(dut, *INPUTS)
    rng = np.random.default_rng(1)
    for user in (0, 0xFFF, 0x555, 0xAAA, 0):
        dut.frame_user_i.value, expected, done = user, wanted(), False
        while not done:
            for name in ('frame_valid', 'frame_ready', 'layer_done', 'head_ready', 'head_done'):
                getattr(dut, f'{name}_i').value = int(rng.integers(0, 2))
            await ReadOnly()
            step, done = fields(int(dut.step_o.value)), bool(dut.frame_done_o.value)
            if step.pop('valid'):
                assert step == next(expected)
                assert int(dut.user_o.value) == user
            await falling
        assert next(expected, None) is None, 'steps were left out'


@cocotb.test()
async def a_frame_takes_a_cycle_a_step(dut):
    await reset(dut, *INPUTS)
    for name in ('frame_valid', 'frame_ready', 'layer_done', 'head_ready', 'head_done'):
        getattr(dut, f'{name}_i').value = 1
    for _ in range(2):
        await RisingEdge(dut.frame_done_o)
        begin = get_sim_time('ns')
        await RisingEdge(dut.frame_done_o)
        # It begins, each layer ends, the head begins, the frame ends, the next one starts.
        n_cycles = n_steps() + len(WIDTHS) - 1 + 4
        assert round((get_sim_time('ns') - begin) / CLOCK_NS) == n_cycles
