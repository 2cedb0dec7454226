"""In the simulator: both banks of a convolution's parameters hold what was written there."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tests.clocked import parameter, reset

LANES, DEPTH, N_NEURONS = (
    parameter(*pair) for pair in (('Lanes', 64), ('WeightDepth', 20), ('NNeurons', 8))
)
INPUTS = ('weight_addr', 'threshold_addr', 'access')
READ_LATENCY, PORT_LATENCY = 3, 5
FULL = (1 << 32) - 1
ADDRS = sorted({0, DEPTH - 1} | set(range(1, DEPTH, DEPTH // 100 + 1)))
# of bank_pkg::access_t
PLACES = {'convolution': 70, 'layer': 62, 'we': 61, 'bank': 60, 'region': 56, 'lane': 48}
ADDR_PLACE = 32


class Unit:
    def __init__(self, dut):
        self.dut, self.rng = dut, np.random.default_rng(1)
        self.held = {}

    async def access(self, we, bank, region, lane, addr, word):
        """Access a word as some layer's: which one it is, is chosen elsewhere."""
        fields = {'we': we, 'bank': bank, 'region': 1 << region, 'lane': lane}
        fields |= {'convolution': int(self.rng.integers(0, 2))}
        fields |= {'layer': int(self.rng.integers(0, 256))}
        whole = sum(value << PLACES[name] for name, value in fields.items())
        self.dut.access_i.value = whole | addr << ADDR_PLACE | word
        for _ in range(1 if we else PORT_LATENCY):
            await self.falling

    async def fill(self):
        self.falling = await reset(self.dut, *INPUTS)
        for bank in (0, 1):
            for region, n_lanes, addrs in ((0, LANES // 32, ADDRS), (1, 1, range(N_NEURONS))):
                for lane in range(n_lanes):
                    for addr in addrs:
                        word = int(self.rng.integers(0, FULL + 1))
                        await self.access(1, bank, region, lane, addr, word)
                        self.held[bank, region, lane, addr] = word
        for lane in range(LANES // 32, 256):  # lanes that are not there
            await self.access(1, 0, 0, lane, 0, 0)
        for region in (2, 3) * 20:  # those of a head are not here
            await self.access(1, 0, region, 0, int(self.rng.integers(0, 1 << 16)), 0)


@cocotb.test()
async def what_was_written_reads_back(dut):
    unit = Unit(dut)
    await unit.fill()
    for (bank, region, lane, addr), word in unit.held.items():
        await unit.access(0, bank, region, lane, addr, 0)
        assert int(dut.rdata_o.value) == word, (bank, region, lane, addr)


@cocotb.test()
async def the_engine_reads_whole_words(dut):
    unit = Unit(dut)
    await unit.fill()
    dut.access_i.value = 0
    for bank in (0, 1):
        for addr in ADDRS:
            neuron = addr % N_NEURONS
            dut.weight_addr_i.value = bank * DEPTH + addr
            dut.threshold_addr_i.value = bank * N_NEURONS + neuron
            for _ in range(READ_LATENCY):
                await unit.falling
            lanes = [unit.held[bank, 0, lane, addr] for lane in range(LANES // 32)]
            word = sum(part << 32 * place for place, part in enumerate(lanes[::-1]))
            assert int(dut.weight_o.value) == word, addr
            assert int(dut.threshold_o.value) == unit.held[bank, 1, 0, neuron]
