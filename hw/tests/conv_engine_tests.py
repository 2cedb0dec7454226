"""In the simulator: convolutions equal the reference, image after image, under any stall."""

from __future__ import annotations

from itertools import repeat
import os
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from edge_adapt.bits import unpack_signs
from edge_adapt.engines._accelerator_convolutions import geometry_of, layer_words
from edge_adapt.engines.reference import Reference
import numpy as np

from hw.tests.networks import convolutions_of, random_images, random_weights


def numbers(name: str, default: str) -> tuple[int, ...]:
    return tuple(int(number) for number in os.environ.get(name, default).split(','))


LANES = int(os.environ.get('LANES', '32'))
SIZE = numbers('SIZE', '6,8')
CHANNELS = numbers('CHANNELS', '1,8,16')
POOLS = tuple(map(bool, numbers('POOLS', '1,1')))
WEIGHT_BITS = int(os.environ.get('WEIGHT_BITS', '8'))
N_FRAMES = int(os.environ.get('N_FRAMES', '4'))
NETWORK = convolutions_of(SIZE, CHANNELS, POOLS)
LAST = NETWORK.sources[NETWORK.head.name][0]
N_BITS = NETWORK.head.n_in
N_WORDS = -(-N_BITS // LANES)
READ_LATENCY = 6
INPUTS = ('s_valid', 's_data', 's_last', 's_user', 'frame_ready', 'bank', 'm_ready')
# of bank_pkg::access_t
WE_PLACE, BANK_PLACE, REGION_PLACE, LANE_PLACE, ADDR_PLACE = 61, 60, 56, 48, 32
LAYER_PLACE, CONVOLUTION_PLACE = 62, 70


def place_of(layer: int, bank: int, lane: int, addr: int) -> int:
    where = 1 << CONVOLUTION_PLACE | layer << LAYER_PLACE | bank << BANK_PLACE
    return where | lane << LANE_PLACE | addr << ADDR_PLACE


class Unit:
    """The engine behind its ports."""

    def __init__(self, dut):
        self.dut, self.falling = dut, FallingEdge(dut.clk_i)
        self.tags = []  # {user, bank} of each frame that came out

    async def reset(self):
        Clock(self.dut.clk_i, 8, 'ns').start()
        for name in (*INPUTS, 'access'):
            getattr(self.dut, f'{name}_i').value = 0
        self.dut.frame_ready_i.value = 1
        self.dut.rst_ni.value = 0
        await ClockCycles(self.dut.clk_i, 4)
        self.dut.rst_ni.value = 1
        await self.falling

    async def load(self, weights, bank=0):
        for layer, words in enumerate(layer_words(NETWORK, weights, LANES)):
            for addr, row in enumerate(words.weights):
                for lane, word in enumerate(row):
                    await self._access(layer, bank, 0, lane, addr, int(word))
            for addr, word in enumerate(words.thresholds):
                await self._access(layer, bank, 1, 0, addr, int(word))
        self.dut.access_i.value = 0

    async def weights_of(self, layer, n_lanes, depth, bank=0):
        """Return words (depth, n_lanes) of weights as the memory holds them."""
        words = np.zeros((depth, n_lanes), np.uint32)
        for addr in range(depth):
            for lane in range(n_lanes):
                place = place_of(layer, bank, lane, addr)
                self.dut.access_i.value = 1 << REGION_PLACE | place
                await ClockCycles(self.dut.clk_i, READ_LATENCY)
                await self.falling
                words[addr, lane] = int(self.dut.rdata_o.value)
        return words

    async def _access(self, layer, bank, region, lane, addr, word):
        where = place_of(layer, bank, lane, addr) | 1 << REGION_PLACE + region
        self.dut.access_i.value = 1 << WE_PLACE | where | word
        await self.falling

    async def send(self, images, pauses, users=None):
        dut = self.dut
        for index, image in enumerate(images):
            places = image.reshape(-1, CHANNELS[0])
            for place, colours in enumerate(places):
                await self.pause(next(pauses))
                dut.s_valid_i.value = 1
                dut.s_data_i.value = int.from_bytes(colours.tobytes(), 'big')
                dut.s_last_i.value = int(place == len(places) - 1)
                dut.s_user_i.value = 0 if users is None else users[index]
                await self.wait_for(dut.s_ready_o)
                await self.falling
                dut.s_valid_i.value = 0

    async def pause(self, n_cycles):
        if n_cycles:
            await ClockCycles(self.dut.clk_i, n_cycles)
            await self.falling

    async def wait_for(self, signal):
        """Return on a falling edge on which the signal holds."""
        while not bool(signal.value):
            await RisingEdge(signal)
            await self.falling

    async def receive(self, n_frames, pauses):
        """Return the bits (n_frames, n_bits) as +-1."""
        dut, frames = self.dut, list[Any]()
        while len(frames) < n_frames:
            words, last = [], False
            while not last:
                await self.pause(next(pauses))
                await self.wait_for(dut.m_valid_o)
                words.append(int(dut.m_data_o.value).to_bytes(LANES // 8, 'big'))
                last = bool(dut.m_last_o.value)
                tag = int(dut.m_user_o.value), int(dut.m_bank_o.value)
                dut.m_ready_i.value = 1
                await self.falling
                dut.m_ready_i.value = 0
            assert len(words) == N_WORDS
            self.tags.append(tag)
            frames.append(np.frombuffer(b''.join(words), np.uint8))
        rows = np.array(frames)
        bits = np.unpackbits(rows, axis=1)
        assert not bits[:, N_BITS:].any(), 'the padding is not zero'
        return unpack_signs(rows, N_BITS)


def never():
    return repeat(0)


def often(seed):
    """Yield how many cycles to wait: none half of the time, else up to 512."""
    rng = np.random.default_rng(seed)
    while True:
        yield 0
        yield int(2 ** rng.uniform(0, 9))


def expected(weights, images):
    outcome = Reference().prepare(NETWORK, weights)(images, [LAST])
    return outcome.taps[LAST].reshape(len(images), -1)


@cocotb.test()
@cocotb.parametrize(idle=[False, True], backpressure=[False, True])
async def bits_equal_the_reference(dut, idle, backpressure):
    unit, weights = Unit(dut), random_weights(NETWORK, 1, WEIGHT_BITS)
    await unit.reset()
    await unit.load(weights)
    images = random_images(NETWORK, N_FRAMES, seed=int(idle) + 2 * int(backpressure))
    sending = cocotb.start_soon(unit.send(images, often(1) if idle else never()))
    bits = await unit.receive(len(images), often(2) if backpressure else never())
    await sending
    np.testing.assert_array_equal(bits, expected(weights, images))
    assert 0.1 < (bits > 0).mean() < 0.9, 'the bits say nothing'


async def with_two_banks(dut):
    unit = Unit(dut)
    both = [random_weights(NETWORK, seed, WEIGHT_BITS) for seed in (1, 2)]
    flips = {name: 1 - both[0][name] for name in both[0] if name.endswith('.flips')}
    both[1] = both[1].replace(flips)  # so that bits that never change differ in the banks
    await unit.reset()
    for bank, weights in enumerate(both):
        await unit.load(weights, bank)
    return unit, both


@cocotb.test()
async def what_was_written_reads_back(dut):
    unit, both = await with_two_banks(dut)
    geometry = geometry_of(NETWORK, both[0], LANES)
    for bank, weights in enumerate(both):
        for layer, words in enumerate(layer_words(NETWORK, weights, LANES)):
            n_lanes = geometry.lanes_of(layer) // 32
            held = await unit.weights_of(layer, n_lanes, len(words.weights), bank)
            np.testing.assert_array_equal(held, words.weights)


@cocotb.test()
async def words_of_no_place_change_nothing(dut):
    unit, weights = Unit(dut), random_weights(NETWORK, 1, WEIGHT_BITS)
    await unit.reset()
    await unit.load(weights)
    rng = np.random.default_rng(4)
    for _ in range(60):
        layer, lane, addr, word, region = (
            int(rng.integers(0, n)) for n in (256, 256, 1 << 16, 1 << 32, 4)
        )
        where = place_of(layer, int(rng.integers(0, 2)), lane, addr) | 1 << WE_PLACE
        if layer < len(POOLS):  # a layer has weights and thresholds, no more
            region &= 2
        dut.access_i.value = where | (region << 2 | region & 1) << REGION_PLACE | word
        await unit.falling
        for real in range(len(POOLS)):
            where = place_of(real, 0, lane, addr) | 1 << WE_PLACE
            dut.access_i.value = where | 4 + 4 * (lane & 1) << REGION_PLACE | word
            await unit.falling
    dut.access_i.value = 0
    images = random_images(NETWORK, 1, seed=3)
    sending = cocotb.start_soon(unit.send(images, never()))
    bits = await unit.receive(1, never())
    await sending
    np.testing.assert_array_equal(bits, expected(weights, images))


@cocotb.test()
async def every_frame_keeps_its_bank_and_its_user(dut):
    unit, both = await with_two_banks(dut)
    images = random_images(NETWORK, 8, seed=9)
    users = [5, 4095, 0, 1, 2, 3, 4, 7]

    async def choose():
        rng = np.random.default_rng(1)
        while True:
            dut.bank_i.value, dut.frame_ready_i.value = map(int, rng.integers(0, 2, 2))
            await ClockCycles(dut.clk_i, 37)
            await unit.falling

    choosing = cocotb.start_soon(choose())
    sending = cocotb.start_soon(unit.send(images, never(), users))
    bits = await unit.receive(len(images), never())
    await sending
    choosing.cancel()
    assert [user for user, _ in unit.tags] == users
    banks = [bank for _, bank in unit.tags]
    assert set(banks) == {0, 1}
    for index, bank in enumerate(banks):
        np.testing.assert_array_equal(bits[index], expected(both[bank], images)[index])


@cocotb.test()
async def packets_that_are_no_frame_are_dropped_and_told(dut):
    unit, weights = Unit(dut), random_weights(NETWORK, 1, WEIGHT_BITS)
    await unit.reset()
    await unit.load(weights)
    images = random_images(NETWORK, 3, seed=3)
    n_refused = 0

    async def count():
        nonlocal n_refused
        while True:
            await RisingEdge(dut.frame_refused_o)
            n_refused += not int(dut.clk_i.value)  # what comes behind an edge counts for nothing

    cocotb.start_soon(count())
    sending = cocotb.start_soon(unit.send([images[0][:-1], *images], never()))
    bits = await unit.receive(len(images), never())
    await sending
    np.testing.assert_array_equal(bits, expected(weights, images))
    assert n_refused == 1
