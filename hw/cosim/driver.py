"""Drives the accelerator inside the simulator: registers, parameter images, frames, results."""

from __future__ import annotations

from dataclasses import dataclass
import logging
from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)
from edge_adapt.engines._accelerator import logits_from
from edge_adapt.records import I32, I64, U8
import numpy as np
from numpy.typing import NDArray

from hw.registers import addresses

CLOCK_NS = 8  # 125 MHz
POLL_CYCLES = 200  # between two looks at a unit that learns
ERRORS = ('intact', 'format', 'geometry', 'too short', 'too long', 'crc', 'memory')


class RefusedError(Exception):
    """The accelerator answered a register access with an error."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one frame gave: logits (n_classes,), the label, and the bank that was used."""

    logits: I32
    label: int
    bank: int
    probe: bool


@dataclass(frozen=True, slots=True)
class Status:
    """The register bank_status."""

    valid: tuple[bool, bool]
    selected: int
    busy: bool
    error: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the statistics unit holds of each neuron (n_neurons,)."""

    totals: I64
    lows: I64
    highs: I64
    counts: I64
    bases: I64

    @staticmethod
    def of(words: bytes) -> Statistics:
        """Return what the words (n_neurons, 6) of stat_store say."""
        table = np.frombuffer(words, '<i4').reshape(-1, 6).astype(np.int64)
        totals = (table[:, 0] << 32) + (table[:, 1] & 0xFFFFFFFF)
        return Statistics(totals, *table.T[2:])


class Accelerator:
    """The accelerator behind its AXI ports."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        # A line for every beat takes longer than the beat.
        logging.getLogger(f'cocotb.{dut._name}').setLevel(logging.WARNING)
        self.n_classes = len(dut.m_axis_result_tdata) // 32
        self.geometry = 0
        ends = (dut.clk_i, dut.rst_ni)
        self.registers = AxiLiteMaster(
            AxiLiteBus.from_prefix(dut, 's_axil'), *ends, reset_active_level=False
        )
        self.pixels = _stream(AxiStreamSource, dut, 's_axis_pixels')
        self.results = _stream(AxiStreamSink, dut, 'm_axis_result')
        self.bits = _stream(AxiStreamSink, dut, 'm_axis_bits')
        self.image_in = _stream(AxiStreamSource, dut, 's_axis_param')
        self.state_in = _stream(AxiStreamSource, dut, 's_axis_es')
        self.state_out = _stream(AxiStreamSink, dut, 'm_axis_es')
        self.image_out = _stream(AxiStreamSink, dut, 'm_axis_param')

    @staticmethod
    async def reset(dut: Any) -> Accelerator:
        """Start the clock, reset, and return the driver."""
        Clock(dut.clk_i, CLOCK_NS, 'ns').start()
        accelerator = Accelerator(dut)
        dut.rst_ni.value = 0
        await ClockCycles(dut.clk_i, 4)
        dut.rst_ni.value = 1
        await RisingEdge(dut.clk_i)
        accelerator.geometry = await accelerator.read('geometry')
        return accelerator

    async def read(self, name: str) -> int:
        """Return the value of a register."""
        answer = await self.registers.read(addresses()[name], 4)
        if answer.resp != AxiResp.OKAY:
            raise RefusedError(f'reading {name}')
        return int.from_bytes(answer.data, 'little')

    async def write(self, name: str, value: int) -> None:
        """Write a register. Raises RefusedError where the accelerator does not accept it."""
        answer = await self.registers.write(addresses()[name], value.to_bytes(4, 'little'))
        if answer.resp != AxiResp.OKAY:
            raise RefusedError(f'writing {value} to {name}')

    async def read_refused(self, address: int) -> bool:
        """Return whether a read of an address in bytes answers an error."""
        return bool((await self.registers.read(address, 4)).resp != AxiResp.OKAY)

    async def write_refused(self, address: int) -> bool:
        """Return whether a write to an address in bytes answers an error."""
        return bool((await self.registers.write(address, bytes(4))).resp != AxiResp.OKAY)

    async def status(self) -> Status:
        """Return bank_status in words."""
        word = await self.read('bank_status')
        return Status(
            valid=(bool(word & 1), bool(word & 2)),
            selected=word >> 2 & 1,
            busy=bool(word >> 5 & 1),
            error=ERRORS[word >> 8 & 7],
        )

    async def write_bank(self, bank: int, image: NDArray[np.uint32]) -> str:
        """Write a parameter image and return what the accelerator says of it."""
        await self.write('bank_write', bank)
        await self.image_in.send(AxiStreamFrame(image.astype('<u4').tobytes()))
        while (status := await self.status()).busy:
            await ClockCycles(self.dut.clk_i, 16)
        return status.error

    async def read_bank(self, bank: int) -> NDArray[np.uint32]:
        """Return the parameter image of a bank as the memories hold it."""
        await self.write('bank_read', bank)
        frame = await self.image_out.recv()
        return np.frombuffer(bytes(frame.tdata), '<u4').astype(np.uint32)

    async def select(self, bank: int) -> None:
        """Select the bank of all frames that begin from now on."""
        await self.write('bank_select', bank)

    async def send(
        self, words: U8, *, probe: bool = False, bits: bool = False, label: int | None = None
    ) -> None:
        """Send the words (n_words, lanes / 8) of one frame; with a label it becomes a sample."""
        data = np.ascontiguousarray(words[:, ::-1]).tobytes()
        user = probe | bits << 1 | (0 if label is None else 4 | label << 3)
        await self.pixels.send(AxiStreamFrame(data, tuser=user))

    async def infer(self, frames: U8, *, probe: bool = False) -> list[Result]:
        """Send frames (n, n_words, lanes / 8) and return their results."""
        for words in frames:
            await self.send(words, probe=probe)
        return [self._result(await self.results.recv()) for _ in frames]

    async def load_state(self, region: int, values: I64) -> None:
        """Fill a region of the learning unit: 0 values, 1 means, 2 order."""
        await self.write('es_load', region)
        data = np.asarray(values).astype('<i4').tobytes()
        await self.state_in.send(AxiStreamFrame(data))
        await self.state_in.wait()
        await self.idle('es_status')

    async def values(self, n_features: int) -> I64:
        """Return the learning unit's values (n_classes, n_features + 1)."""
        await self.write('es_store', 0)
        frame = await self.state_out.recv()
        table = np.frombuffer(bytes(frame.tdata), '<i4').reshape(n_features + 1, -1)
        return np.asarray(table.T, np.int64)

    async def load_descent(self, region: int, values: I64) -> None:
        """Fill a region of the descent unit: 0 values and biases, 1 order."""
        await self.write('sgd_load', region)
        await self.state_in.send(AxiStreamFrame(np.asarray(values).astype('<i4').tobytes()))
        await self.state_in.wait()
        await self.idle('sgd_status')

    async def descended(self, n_features: int) -> I64:
        """Return the descent unit's values (n_classes, n_features + 1), the biases last."""
        await self.write('sgd_store', 0)
        frame = await self.state_out.recv()
        table = np.frombuffer(bytes(frame.tdata), '<i4').reshape(n_features + 1, -1)
        return np.asarray(table.T, np.int64)

    async def idle(self, status: str) -> None:
        """Wait until the unit of a status register is idle."""
        while await self.read(status) & 1:
            await ClockCycles(self.dut.clk_i, POLL_CYCLES)

    async def load_statistics(self, wanted: I64, parts: I64) -> None:
        """Give the statistics unit q and the slope of each neuron."""
        await self.write('stat_load', 0)
        words = (np.asarray(wanted) << 16 | np.asarray(parts) & 0xFFFF).astype('<u4')
        await self.state_in.send(AxiStreamFrame(words.tobytes()))
        await self.state_in.wait()
        await self.idle('stat_status')

    async def statistics(self) -> Statistics:
        """Return what the statistics unit holds."""
        await self.write('stat_store', 0)
        return Statistics.of(bytes((await self.state_out.recv()).tdata))

    async def infer_bits(self, frames: U8) -> tuple[list[Result], U8]:
        """Return the results of frames and their bits' words (n, n_words, lanes / 8)."""
        for words in frames:
            await self.send(words, bits=True)
        results = [self._result(await self.results.recv()) for _ in frames]
        packets = [bytes((await self.bits.recv()).tdata) for _ in frames]
        rows = np.frombuffer(b''.join(packets), np.uint8)
        return results, rows.reshape(len(frames), -1, frames.shape[2])[:, :, ::-1]

    def _result(self, frame: AxiStreamFrame) -> Result:
        user = frame.tuser if isinstance(frame.tuser, int) else frame.tuser[0]
        logits = logits_from(bytes(frame.tdata)[::-1], self.n_classes)
        return Result(logits, user >> 2, user & 1, bool(user & 2))


def _stream(kind: Any, dut: Any, prefix: str) -> Any:
    bus = AxiStreamBus.from_prefix(dut, prefix)
    return kind(bus, dut.clk_i, dut.rst_ni, reset_active_level=False)
