"""
Measure the accelerator: answers, cycles, simulated speed, resources, clock.

    python -m benchmarks.accelerator [part ...]     # lines of JSON; all parts by default

Simulated figures are measured here, with the serving build and against the reference; resources
and clocks are those that `python -m hw.synth.run` wrote, labelled with how they were obtained.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
import json
from pathlib import Path
import time
from typing import Any

from edge_adapt.engines._accelerator import (
    frame_words,
    geometry_of,
    parameter_image,
)
from edge_adapt.engines._simulator import Simulator
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.network import Network
import numpy as np

from benchmarks import _accelerator_cost, _accelerator_node, _quantized_es
from hw.cosim.build import build
from hw.synth.run import PARTS as N_LUTS
from hw.tests.networks import network_of, random_images, random_weights

RESULTS = Path(__file__).parents[1] / 'hw' / 'synth' / 'results'
N_FRAMES = 400
MAX_CYCLES, MIN_PER_S = 2400, 500
MAX_SHARE = {'XCKU040': 0.01, 'XCKU115': 0.004}
MIN_FMAX_MHZ = {'accelerator': 130.0}


def line(case: str, metric: str, value: float, unit: str, peer: str, peer_value: float) -> str:
    """Return one figure; ratio above 1 is better than the peer, more or less being better."""
    less_is_better = unit in ('cycles', 'wrong', 'share', 'LUT')
    ratio = peer_value / value if less_is_better and value else None
    if not less_is_better and peer_value:
        ratio = value / peer_value
    figures: dict[str, Any] = {
        'case': case,
        'metric': metric,
        'value': value,
        'unit': unit,
        'peer': peer,
        'peer_value': peer_value,
        'ratio': ratio if ratio is None else round(ratio, 3),
    }
    return json.dumps(figures)


def simulated() -> Iterator[str]:
    """Run the 784-256-256-10 network of bits with 128 lanes in the simulator."""
    flat = network_of((784, 256, 256), 1)
    network = Network(flat.name, (28, 28, 1), flat.layers, flat.class_names)
    weights = random_weights(network, seed=1)
    geometry = geometry_of(network, weights)
    build('accelerator', geometry.parameters, 'serving')
    simulator = Simulator(geometry, timeout_s=60.0)
    try:
        simulator.write_bank(1, parameter_image(network, weights))
        simulator.select(1)
        images = random_images(network, N_FRAMES, seed=2)
        words = frame_words(network, weights, images)
        expected = Reference().prepare(network, weights)(images).logits
        before = simulator.registers()
        start_s = time.perf_counter()
        answer = simulator.infer(words)
        elapsed_s = time.perf_counter() - start_s
        after = simulator.registers()
    finally:
        simulator.close()
    case = '784-256-256-10, 128 lanes, simulated'
    wrong = int(np.any(answer.logits != expected, axis=1).sum())
    cycles = (after['busy_cycles'] - before['busy_cycles']) / N_FRAMES
    yield line(case, f'wrong results of {N_FRAMES}', wrong, 'wrong', 'reference', 0)
    yield line(case, 'cycles per inference', cycles, 'cycles', 'bar', MAX_CYCLES)
    yield line(case, 'inferences per wall second', N_FRAMES / elapsed_s, '1/s', 'bar', MIN_PER_S)


def cost() -> Iterator[str]:
    """Print what an inference and a candidate cost, and their rates at the measured clocks."""
    yield from (line(*figure) for figure in _accelerator_cost.moved())
    yield from (line(*figure) for figure in _accelerator_cost.inferences(_clock('accelerator')))
    clock_mhz = _clock('accelerator_everything')
    yield from (line(*figure) for figure in _accelerator_cost.candidates(clock_mhz))


def _clock(name: str) -> float | None:
    """Return the clock (MHz) that place and route of a design ended with, if they did."""
    clock: float | None = _result(name).get('ecp5', {}).get('fmax_mhz')
    return clock


def synthesized() -> Iterator[str]:
    """Read what the synthesis wrote."""
    for path in sorted(RESULTS.glob('*.json')):
        result = json.loads(path.read_text())
        name, mapped, routed = path.stem, result.get('xilinx'), result.get('ecp5')
        if mapped:
            case = f'{name}, UltraScale+, {mapped["kind"]}'
            yield line(case, 'DSP', mapped['dsp'], 'DSP', 'bar', 0)
            yield line(
                case, 'LUT', mapped['lut'], 'LUT', 'network_engine', _luts('network_engine')
            )
        if routed:
            bar = MIN_FMAX_MHZ.get(name, 120.0)
            n_seeds = len(routed['fmax_mhz_by_seed'])
            case = f'{name}, LFE5U-85F speed 8, {routed["kind"]}, median of {n_seeds} seeds'
            yield line(case, 'Fmax', routed['fmax_mhz'], 'MHz', 'bar', bar)
    yield from _addition()


def _addition() -> Iterator[str]:
    """Yield what learning and the second bank add to the engine, as shares of two parts."""
    parts = [_luts(name) for name in ('es_unit', 'stat_unit', 'bank_control')]
    if not all(parts):
        return
    case = 'ES + statistics + bank control, UltraScale+, yosys-mapped'
    yield line(case, 'LUT', sum(parts), 'LUT', 'network_engine', _luts('network_engine'))
    for part, bar in MAX_SHARE.items():
        share = round(sum(parts) / N_LUTS[part], 5)
        yield line(case, f'LUTs of {part}', share, 'share', 'bar', bar)


def _luts(name: str) -> int:
    return int(_result(name).get('xilinx', {}).get('lut', 0))


def _result(name: str) -> dict[str, Any]:
    path = RESULTS / f'{name}.json'
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def over_topics() -> Iterator[str]:
    """Serve topics, from another process."""
    yield from (line(*figure) for figure in _accelerator_node.over_topics())


def rungs() -> Iterator[str]:
    """Learn on the accelerator and on the CPU."""
    yield from (line(*figure) for figure in _accelerator_node.rungs())


def quantized() -> Iterator[str]:
    """Retrain the head of an 8-bit network after noise at the input."""
    yield from (line(*figure) for figure in _quantized_es.quantized())


_PARTS = (simulated, synthesized, cost, over_topics, rungs, quantized)
PARTS = {part.__name__: part for part in _PARTS}


def main() -> None:
    """Print the figures of some parts."""
    parser = ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('parts', nargs='*', metavar='part', help=', '.join(PARTS))
    wanted = parser.parse_args().parts or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        parser.error(f'there is no part {min(unknown)!r}; there are: {", ".join(PARTS)}')
    for name in wanted:
        for text in PARTS[name]():
            print(text, flush=True)


if __name__ == '__main__':
    main()
