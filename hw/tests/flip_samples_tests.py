"""In the simulator: whole frames are kept in the order they came, and nothing else is."""

from __future__ import annotations

import cocotb
import numpy as np

from hw.tests.clocked import parameter, pulse, reset

LANES, N_SAMPLES = parameter('Lanes', 32), parameter('NSamples', 8)
N_BEATS = parameter('NBeats', 2)
INPUTS = ('clear', 'open', 'valid', 'data', 'last', 'label', 'sample_at', 'beat_at')
READ_LATENCY = 2
N_READ = min(N_SAMPLES, 500)


class Unit:
    def __init__(self, dut):
        self.dut, self.rng = dut, np.random.default_rng(1)

    async def reset(self):
        self.falling = await reset(self.dut, *INPUTS)
        self.dut.open_i.value = 1

    def words(self, n_beats=N_BEATS):
        return [int(word) for word in self.rng.integers(0, 1 << LANES, n_beats)]

    async def send(self, words, label):
        dut = self.dut
        dut.valid_i.value, dut.label_i.value = 1, label
        for place, word in enumerate(words):
            dut.data_i.value, dut.last_i.value = word, int(place == len(words) - 1)
            await self.falling
        dut.valid_i.value = 0

    async def check(self, frames):
        assert int(self.dut.n_samples_o.value) == len(frames)
        for sample in self.rng.permutation(len(frames))[:N_READ]:
            words, label = frames[sample]
            for beat, word in enumerate(words):
                self.dut.sample_at_i.value, self.dut.beat_at_i.value = int(sample), beat
                for _ in range(READ_LATENCY):
                    await self.falling
                assert (int(self.dut.data_o.value), int(self.dut.label_o.value)) == (word, label)


@cocotb.test()
async def frames_are_kept_until_there_is_no_room(dut):
    unit = Unit(dut)
    await unit.reset()
    for _ in range(12 if N_SAMPLES < 500 else 1):
        await pulse(dut, 'clear')
        frames = [(unit.words(), int(unit.rng.integers(0, 256))) for _ in range(N_SAMPLES + 1)]
        for words, label in frames:
            await unit.send(words, label)
        await unit.check(frames[:N_SAMPLES])


@cocotb.test()
async def what_is_no_whole_frame_is_not_kept(dut):
    unit = Unit(dut)
    await unit.reset()
    kept = []
    for turn in range(4):
        wrong = unit.words(N_BEATS + 1 if turn % 2 else N_BEATS - 1)
        await unit.send(wrong, 1)
        kept.append((unit.words(), turn))
        await unit.send(*kept[-1])
    dut.open_i.value = 0
    await unit.send(unit.words(), 9)
    dut.open_i.value = 1
    await unit.check(kept)


@cocotb.test()
async def a_frame_that_is_cut_by_a_clearing_is_not_kept(dut):
    unit = Unit(dut)
    await unit.reset()
    await unit.send(unit.words(), 3)
    dut.valid_i.value, dut.last_i.value = 1, 0
    await unit.falling
    dut.valid_i.value = 0
    await pulse(dut, 'clear')
    dut.valid_i.value = 1
    for beat in range(1, N_BEATS):
        dut.last_i.value = int(beat == N_BEATS - 1)
        await unit.falling
    dut.valid_i.value = 0
    assert int(dut.n_samples_o.value) == 0
    frame = unit.words(), 7
    await unit.send(*frame)
    await unit.check([frame])
