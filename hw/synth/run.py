"""
Synthesize, place and route; write what it costs to results/<name>.json.

    python -m hw.synth.run [design ...] [--mapped | --routed] [--seeds 1,2,3] [--clock-mhz 120]

Xilinx figures are yosys-mapped to UltraScale+ cells (not Vivado): a LUT is a LUT1..6 or a LUT used
as memory; inverters are not counted, they vanish in the LUTs or flip-flops beside them. ECP5
figures are post-route, out of context (no pins), the median of the seeds, of whole accelerators
only. Needs requirements/hw.txt, and Debian's package `yosys`: the wheel's own ABC did not run.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import re
import statistics
import sys
from typing import Any

from hw.command_line import parser_of
from hw.cosim.build import sources
from hw.synth.designs import DESIGNS
from hw.synth.tools import BUILDS, cells, missing, netlist_of, reads, route, versions, yosys

RESULTS = Path(__file__).resolve().parent / 'results'
PARTS = {'XCKU040': 242_400, 'XCKU115': 663_360}  # LUTs, Xilinx DS890
# LUTs a memory cell takes (Xilinx UG974)
MEMORIES = {
    **{'RAM32X1D': 2, 'RAM64X1D': 2, 'RAM128X1D': 4, 'RAM256X1D': 8},
    **{'RAM32X1S': 1, 'RAM64X1S': 1, 'RAM128X1S': 2, 'RAM256X1S': 4, 'RAM512X1S': 8},
    **{'RAM32M': 4, 'RAM64M': 4, 'RAM32M16': 8, 'RAM64M8': 8, 'SRL16E': 1, 'SRLC32E': 1},
}


def mapped(name: str) -> dict[str, Any]:
    """Return resources mapped to UltraScale+ cells."""
    top, parameters = DESIGNS[name]
    script = [
        *reads(sources(top), top, parameters),
        f'synth_xilinx -family xcup -noiopad -flatten -top {top}',
        'stat',
    ]
    found = cells(yosys(script, BUILDS / f'{name}-xilinx.log'))
    n_luts = sum(n for cell, n in found.items() if re.fullmatch(r'LUT\d', cell))
    n_luts += sum(
        n * MEMORIES[cell] for cell, n in found.items() if re.match('RAM[0-9]|SRL', cell)
    )
    return {
        'kind': 'yosys-mapped',
        'lut': n_luts,
        'ff': sum(n for cell, n in found.items() if cell.startswith('FD')),
        'bram18': sum(
            n * (2 if '36' in cell else 1) for cell, n in found.items() if cell.startswith('RAMB')
        ),
        'dsp': sum(n for cell, n in found.items() if cell.startswith('DSP')),
        'share_of_luts': {part: round(n_luts / n, 5) for part, n in PARTS.items()},
        'cells': found,
    }


def routed(name: str, seeds: list[int], clock_mhz: float) -> dict[str, Any]:
    """Return resources and the clock after place and route on an LFE5U-85F, speed grade 8."""
    top, parameters = DESIGNS[name]
    netlist = netlist_of(name, sources(top), top, parameters)
    reports = {seed: route(netlist, seed, clock_mhz) for seed in seeds}
    clocks = {
        seed: min(clock['achieved'] for clock in report['fmax'].values())
        for seed, report in reports.items()
    }
    used = reports[seeds[0]]['utilization']
    return {
        'kind': 'post-route',
        'command': f'python -m hw.synth.run {name} --routed --clock-mhz {clock_mhz:g}',
        'fmax_mhz': round(statistics.median(clocks.values()), 1),
        'fmax_mhz_by_seed': {str(seed): round(clock, 1) for seed, clock in clocks.items()},
        'cells': {cell: use['used'] for cell, use in used.items() if use['used']},
    }


def _seeds(text: str) -> list[int]:
    if not re.fullmatch(r'\d+(,\d+)*', text):
        raise argparse.ArgumentTypeError(f'seeds are whole numbers such as 1,2,3, got {text!r}')
    return [int(seed) for seed in text.split(',')]


def _clock_mhz(text: str) -> float:
    if not re.fullmatch(r'\d+(\.\d+)?', text) or not 1 <= float(text) <= 1000:
        raise argparse.ArgumentTypeError(f'a clock is 1 to 1000 MHz, got {text!r}')
    return float(text)


def main(words: list[str]) -> int:
    """Run designs one after the other; a part that is not asked for keeps its last figures."""
    parser = parser_of('hw.synth.run', __doc__)
    parser.add_argument('designs', nargs='*', choices=[*DESIGNS, []], default=[])
    parser.add_argument('--mapped', action='store_true', help='Xilinx only')
    parser.add_argument('--routed', action='store_true', help='ECP5 only')
    parser.add_argument('--seeds', type=_seeds, default=[1, 2, 3], help='such as 1,2,3')
    parser.add_argument(
        '--clock-mhz',
        type=_clock_mhz,
        default=120.0,
        help='the clock the router tries for; lower it where the router takes long',
    )
    wanted = parser.parse_args(words)
    if absent := missing():
        sys.stderr.write(f'not installed: {", ".join(absent)}; run make hw\n')
        return 2
    BUILDS.mkdir(parents=True, exist_ok=True)
    RESULTS.mkdir(exist_ok=True)
    for name in wanted.designs or DESIGNS:
        path = RESULTS / f'{name}.json'
        result = json.loads(path.read_text()) if path.exists() else {}
        top, parameters = DESIGNS[name]
        result |= {
            'design': top,
            'parameters': parameters,
            'command': f'python -m hw.synth.run {name}',
            'tools': versions(),
        }
        if not wanted.routed:
            result['xilinx'] = mapped(name)
        if top == 'accelerator' and not wanted.mapped:
            result['ecp5'] = routed(name, wanted.seeds, wanted.clock_mhz)
        path.write_text(json.dumps(result, indent=2) + '\n')
        sys.stdout.write(json.dumps(result) + '\n')
        sys.stdout.flush()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
