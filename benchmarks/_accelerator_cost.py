"""
What an inference and a candidate cost on the accelerator: cycles, bits moved, rates at a clock.

Cycles are counted by the simulated hardware itself; the clock is that of place and route. The bits
that memories move stand for energy: no figure comes from a board.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_adapt.engines._accelerator import (
    frame_words,
    Geometry,
    geometry_of,
    MAX_SAMPLES,
    parameter_image,
)
from edge_adapt.engines._simulator import Region, Simulator, Unit
from edge_adapt.networks.network import Network
from edge_adapt.records import U8
import numpy as np

from hw.cosim.build import build
from hw.tests.networks import network_of, random_images, random_weights

N_DIRECTIONS = 2  # each tried forwards and backwards
N_BATCH = 64  # what row_es takes by default
N_GENERATIONS = (2, 22)  # the cycles of the difference are counted
Figure = tuple[str, str, float, str, str, float]  # case, metric, value, unit, peer and its value


def bits_moved(geometry: Geometry) -> dict[str, int]:
    """Return the bits that an inference of a network of bits moves, memory by memory."""
    widths, lanes = geometry.widths, geometry.lanes
    words = [geometry.n_words(n_in) for n_in in widths[:-1]]
    reads = [n_out * n for n_out, n in zip(widths[1:], words, strict=True)]
    head_words = widths[-1] * -(-geometry.n_classes // 4)
    hidden_words = sum(geometry.n_words(n_out) for n_out in widths[1:])
    return {
        'weights read': lanes * sum(reads),
        'thresholds, head and biases read': 32
        * (sum(widths[1:]) + head_words + geometry.n_classes),
        'frame written and read': lanes * (words[0] + reads[0]),
        'hidden bits written and read': lanes * (hidden_words + sum(reads[1:])),
    }


def moved() -> Iterator[Figure]:
    """Yield the energy proxy of 784-256-256-10 with 128 lanes."""
    case = '784-256-256-10, 128 lanes, energy proxy: bits moved per inference'
    moves = bits_moved(Geometry((784, 256, 256), 10))
    yield from ((case, memory, n, 'bits', 'none', 0) for memory, n in moves.items())
    yield case, 'all', sum(moves.values()), 'bits', 'weights read', moves['weights read']


def inferences(clock_mhz: float | None) -> Iterator[Figure]:
    """Yield the inferences a second of 784-256-256-10 with 128 lanes at the clock of the build."""
    simulator, words = _loaded(learning=False)
    try:
        before = simulator.registers()
        simulator.infer(words)
        after = simulator.registers()
    finally:
        simulator.close()
    cycles = (after['cycles'] - before['cycles']) / len(words)
    case = '784-256-256-10, 128 lanes, frames one after the other'
    yield f'{case}, simulated', 'cycles per inference', cycles, 'cycles', 'none', 0
    if clock_mhz is not None:
        rate = 1e6 * clock_mhz / cycles
        yield f'{case}, ECP5-85F post-route clock', 'inferences per second', rate, '1/s', 'none', 0


def candidates(clock_mhz: float | None) -> Iterator[Figure]:
    """Yield cycles of a generation of row_es on 784-256-256-10, and candidates a second."""
    cycles = _cycles_of_a_generation()
    case = f'784-256-256-10, 128 lanes, row_es of {N_BATCH} samples a generation'
    n = 2 * N_DIRECTIONS
    yield f'{case}, simulated', 'cycles per generation', cycles, 'cycles', 'none', 0
    yield f'{case}, simulated', f'cycles per candidate of {n}', cycles / n, 'cycles', 'none', 0
    if clock_mhz is not None:
        rate = 1e6 * clock_mhz * n / cycles
        yield f'{case}, ECP5-85F post-route clock', 'candidates per second', rate, '1/s', 'none', 0


def _cycles_of_a_generation() -> float:
    """Return the cycles that the hardware counts between runs of few and of more generations."""
    simulator, words = _loaded(learning=True)
    try:
        labels = np.random.default_rng(1).integers(0, 10, N_BATCH).astype(np.uint8)
        simulator.write('es_clear', 0)
        simulator.capture(words, labels)
        simulator.load(Region.VALUES, np.zeros(10 * 257, np.int64))
        simulator.load(Region.MEANS, np.zeros(256, np.int64))
        simulator.load(Region.ORDER, np.resize(np.arange(N_BATCH), MAX_SAMPLES))
        simulator.write('es_register', 1)
        simulator.write('es_scale', 8 << 16)
        simulator.write('es_batch', N_BATCH)
        few, more = (_cycles(simulator, n) for n in N_GENERATIONS)
    finally:
        simulator.close()
    return (more - few) / (N_GENERATIONS[1] - N_GENERATIONS[0])


def _loaded(learning: bool) -> tuple[Simulator, U8]:
    """Return a simulator with weights, and the words of N_BATCH frames."""
    flat = network_of((784, 256, 256), 1)
    network = Network(flat.name, (28, 28, 1), flat.layers, flat.class_names)
    weights = random_weights(network, seed=1)
    geometry = geometry_of(network, weights)
    parameters = geometry.learning_parameters if learning else geometry.parameters
    build('accelerator', parameters, 'serving')
    simulator = Simulator(geometry, timeout_s=300.0, learning=learning)
    simulator.write_bank(1, parameter_image(network, weights))
    simulator.select(1)
    return simulator, frame_words(network, weights, random_images(network, N_BATCH, seed=2))


def _cycles(simulator: Simulator, n_generations: int) -> int:
    before = simulator.registers()['cycles']
    simulator.write('es_run', n_generations)
    simulator.wait(Unit.LEARNING)
    return simulator.registers()['cycles'] - before
