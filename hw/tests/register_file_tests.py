"""In the simulator: registers tell what is behind them, and commands pass that make sense."""

from __future__ import annotations

import cocotb
from cocotb.triggers import ReadOnly
import numpy as np

from hw.registers import addresses
from hw.tests.clocked import parameter, reset

GEOMETRY = parameter('Geometry', 0)
STAT_BITS, SGD_SAMPLES = parameter('StatBits', 12), parameter('SgdSamples', 4096)
N_TRIES = parameter('N_TRIES', 40)
FULL = (1 << 32) - 1
AXI = ('awaddr', 'awvalid', 'wdata', 'wstrb', 'wvalid', 'bready', 'araddr', 'arvalid', 'rready')
INPUTS = (
    *('accepted', 'banks', 'frame_running', 'frame_started', 'frame_answered'),
    *('frame_refused', 'learning'),
)
# of bank_pkg::status_t and learning_pkg, the first the most significant
BANKS = {
    **{'version1': 32, 'version0': 32, 'error': 3, 'unused': 1, 'port_bank': 1, 'port_busy': 1},
    **{'live': 1, 'pending': 1, 'selected': 1, 'valid': 2},
}
UNITS = ('es', 'sgd', 'flip')
LEARNING = {
    f'{unit}_{name}': n_bits
    for unit in UNITS
    for name, n_bits in (('n', 16), ('busy', 1), ('state', 32), ('count', 32))
} | {'fitness': 32, 'stat_busy': 1, 'distance': 32}
COMMANDS = (
    *('es_load', 'es_store', 'es_register', 'es_run', 'es_clear'),
    *('stat_load', 'stat_store', 'stat_run'),
    *('sgd_load', 'sgd_store', 'sgd_register', 'sgd_run', 'sgd_clear'),
    *('flip_register', 'flip_run', 'flip_clear'),
)
SCALES = {'es_scale': 32, 'es_batch': 16, 'sgd_scale': 32, 'flip_scale': 32}
TOLD = {'value': 32} | dict.fromkeys(COMMANDS, 1) | SCALES
COUNTERS = {
    'frames': ('frames_q', 'frame_answered'),
    'frames_refused': ('refused_q', 'frame_refused'),
    'busy_cycles': ('busy_cycles_q', 'frame_running'),
}


def packed(values, fields):
    word = 0
    for name, n_bits in fields.items():
        word = word << n_bits | values[name] & (1 << n_bits) - 1
    return word


def unpacked(word, fields):
    found = {}
    for name, n_bits in reversed(fields.items()):
        found[name], word = word & (1 << n_bits) - 1, word >> n_bits
    return found


class Unit:
    """The registers behind their bus; what is beside them is drawn."""

    def __init__(self, dut, seed):
        self.dut, self.rng = dut, np.random.default_rng(seed)
        self.banks, self.learning = {}, {}
        self.scales = dict.fromkeys(SCALES, 0)

    async def reset(self):
        for name in AXI:
            getattr(self.dut, f's_axil_{name}').value = 0
        self.falling = await reset(self.dut, *INPUTS)
        self.dut.s_axil_bready.value = self.dut.s_axil_rready.value = 1

    def word(self, n_bits=32):
        """Return a number with many, half or few of its bits set."""
        low, high, mask = (int(self.rng.integers(0, 1 << n_bits)) for _ in range(3))
        return (low, low & high & mask, low | high | mask)[int(self.rng.integers(0, 3))]

    def draw(self):
        """Draw what the banks and the units tell."""
        self.banks = {name: self.word(n_bits) for name, n_bits in BANKS.items()}
        self.learning = {name: self.word(n_bits) for name, n_bits in LEARNING.items()}
        self.dut.banks_i.value = packed(self.banks, BANKS)
        self.dut.learning_i.value = packed(self.learning, LEARNING)

    async def read(self, address):
        """Return (word, whether it was answered)."""
        self.dut.s_axil_araddr.value, self.dut.s_axil_arvalid.value = address, 1
        await self.falling
        self.dut.s_axil_arvalid.value = 0
        assert bool(self.dut.s_axil_rvalid.value)
        return int(self.dut.s_axil_rdata.value), not int(self.dut.s_axil_rresp.value)

    async def write(self, address, value, strobes=15, accepted=0):
        """Return (requests to the banks, what the units were told, whether it was accepted)."""
        dut = self.dut
        dut.s_axil_awaddr.value, dut.s_axil_wdata.value = address, value
        dut.s_axil_wstrb.value, dut.accepted_i.value = strobes, accepted
        dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = 1
        await ReadOnly()
        request, told = int(dut.request_o.value), unpacked(int(dut.learning_o.value), TOLD)
        await self.falling
        dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = dut.accepted_i.value = 0
        assert bool(dut.s_axil_bvalid.value)
        return request, told, not int(dut.s_axil_bresp.value)

    def status(self, unit):
        return self.learning[f'{unit}_n'] << 16 | self.learning[f'{unit}_busy']

    def known(self):
        """Return what each register holds, but the counters."""
        told, banks = self.learning, self.banks
        return {
            'id': 0x45414450,
            'hardware_version': 1 << 16,
            'geometry': GEOMETRY,
            'bank_select': banks['selected'],
            'bank_status': packed(banks, BANKS) & 0x7FF,
            'bank0_version': banks['version0'],
            'bank1_version': banks['version1'],
            **{f'{unit}_register': told[f'{unit}_state'] for unit in UNITS},
            **{f'{unit}_status': self.status(unit) for unit in UNITS},
            'es_generations': told['es_count'],
            'sgd_steps': told['sgd_count'],
            'flip_accepted': told['flip_count'],
            'flip_fitness': told['fitness'],
            'stat_status': told['stat_busy'],
            'stat_distance': told['distance'],
            **self.scales,
        }

    def allowed(self, name, value):
        """Return whether a command makes sense now."""
        told, banks, unit = self.learning, self.banks, name.partition('_')[0]
        if told[f'{unit}_busy']:
            return False
        free = not (told['es_busy'] or told['stat_busy'] or told['sgd_busy'])
        live = banks['live'] and not banks['pending'] and not banks['port_busy']
        return {
            'es_load': free and value < 3,
            'es_store': free,
            'es_run': 0 < value < 1 << 16 and told['es_n'] and self.scales['es_batch'],
            'stat_load': free,
            'stat_store': free,
            'stat_run': value & 15 <= STAT_BITS
            and value >> 20 < 1 << STAT_BITS
            and not value >> 18 & 3
            and value >> 16 & 3 != 3,
            'sgd_load': free and value < 2,
            'sgd_store': free,
            'sgd_run': 0 < value <= SGD_SAMPLES and told['sgd_n'],
            'flip_run': 0 < value < 1 << 16
            and told['flip_n']
            and self.scales['flip_scale'] >> 16 & 255
            and live
            and banks['valid'] == 3,
            **{f'{unit}_register': value for unit in UNITS},
        }.get(name, True)


@cocotb.test()
async def registers_tell_what_is_behind_them(dut):
    unit = Unit(dut, 1)
    await unit.reset()
    map_of, counters = addresses(), (*COUNTERS, 'latency', 'cycles')
    names = {address: name for name, address in map_of.items()}
    for turn in range(N_TRIES):
        unit.draw()
        await unit.falling
        held = unit.known()
        for address in range(turn % 3, 256, 1 if turn == 0 else 4):
            word, answered = await unit.read(address)
            name = names.get(address, '')
            assert answered == (name in held or name in counters), hex(address)
            if name in held:
                assert word == held[name], name


@cocotb.test()
async def commands_pass_that_make_sense(dut):
    unit = Unit(dut, 2)
    await unit.reset()
    map_of = addresses()
    small = (0, 1, 2, 3, 5, STAT_BITS, 0xFFFF, 0x10000, SGD_SAMPLES, 5 << 20, 1 << 16, 3 << 16)
    for turn in range(30 * N_TRIES):
        if turn % 4 == 0:
            unit.draw()
        name = str(unit.rng.choice([*COMMANDS, *SCALES]))
        value = int(unit.rng.choice(small)) if turn % 3 else unit.word()
        allowed = bool(unit.allowed(name, value))
        request, told, accepted = await unit.write(map_of[name], value)
        assert not request & 7
        assert told == {
            **dict.fromkeys(COMMANDS, 0),
            **unit.scales,
            'value': value,
            **({name: int(allowed)} if name in COMMANDS else {}),
        }, (name, value)
        assert accepted == allowed, (name, value)
        if name in SCALES and allowed:
            unit.scales[name] = value & (1 << SCALES[name]) - 1


@cocotb.test()
async def what_is_no_command_is_refused(dut):
    unit = Unit(dut, 3)
    await unit.reset()
    writable = {addresses()[name] for name in (*COMMANDS, *SCALES)}
    for address in sorted(set(range(256)) - writable):
        assert not (await unit.write(address, unit.word()))[2], hex(address)
    for address in writable:
        assert not (await unit.write(address, 1, strobes=int(unit.rng.integers(0, 15))))[2]


@cocotb.test()
async def requests_reach_the_banks(dut):
    unit = Unit(dut, 4)
    await unit.reset()
    places = {'bank_write': 4, 'bank_read': 2, 'bank_select': 1}
    for turn in range(10 * N_TRIES):
        unit.draw()
        name = str(unit.rng.choice([*places]))
        value = (0, 1, 2, unit.word())[turn % 4]
        answer = int(unit.rng.integers(0, 8))
        request, _, accepted = await unit.write(addresses()[name], value, accepted=answer)
        busy, selected = unit.learning['flip_busy'], unit.banks['selected']
        legal = value < 2 and (not busy or (name == 'bank_select' and value == selected))
        assert request == (places[name] if legal else 0) | (value & 1) << 3, (name, value)
        assert accepted == bool(answer)


@cocotb.test()
async def counters_count_in_32_bits(dut):
    unit = Unit(dut, 5)
    await unit.reset()
    map_of = addresses()
    for bit in range(1, 33):
        for name, (register, event) in COUNTERS.items():
            getattr(dut, register).value = (1 << bit) - 1
            getattr(dut, f'{event}_i').value = 1
            await unit.falling
            getattr(dut, f'{event}_i').value = 0
            assert await unit.read(map_of[name]) == (1 << bit & FULL, True), name
        dut.cycles_q.value = (1 << bit) - 2
        await unit.falling
        assert await unit.read(map_of['cycles']) == ((1 << bit) - 1, True)
        assert await unit.read(map_of['cycles']) == (1 << bit & FULL, True)


@cocotb.test()
async def latency_is_from_start_to_answer(dut):
    unit = Unit(dut, 6)
    await unit.reset()
    for wait in (1, 5, 200):
        dut.frame_started_i.value = 1
        await unit.falling
        dut.frame_started_i.value = 0
        for _ in range(wait):
            await unit.falling
        dut.frame_answered_i.value = 1
        await unit.falling
        dut.frame_answered_i.value = 0
        assert await unit.read(addresses()['latency']) == (wait + 1, True)
    for bit in range(1, 33):
        dut.age_q.value = (1 << bit) - 1
        await unit.falling
        dut.frame_answered_i.value = 1
        await unit.falling
        dut.frame_answered_i.value = 0
        assert await unit.read(addresses()['latency']) == (1 << bit & FULL, True)
