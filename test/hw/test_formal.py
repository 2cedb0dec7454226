"""What is proved of the RTL: every file of properties has a proof, and reads into its module."""

import json

from hw.cosim.build import RTL
from hw.formal.proofs import PROOFS
from hw.formal.run import HERE, script


def test_every_file_of_properties_is_proved() -> None:
    files = {path.stem.removesuffix('_properties') for path in HERE.glob('*.svh')}
    assert files == {proof.module for proof in PROOFS.values()}


def test_properties_are_part_of_their_module_only() -> None:
    for name, proof in PROOFS.items():
        assert (
            f'`include "{proof.module}_properties.svh"' in (RTL / f'{proof.module}.sv').read_text()
        )
        formal = [line for line in script(name, 'bmc').splitlines() if '-DFORMAL' in line]
        (line,) = formal
        assert line.endswith(f'-sv -formal -DFORMAL {proof.module}.sv')


def test_what_a_proof_leaves_free_has_proofs_of_its_own() -> None:
    modules = {proof.module for proof in PROOFS.values()}
    assert all(modules.issuperset(proof.free) for proof in PROOFS.values())


def test_every_proof_was_run_and_holds() -> None:
    proofs = json.loads((HERE / 'results.json').read_text())['proofs']
    assert set(proofs) == set(PROOFS)
    for name, proof in PROOFS.items():
        assert proofs[name]['results'] == dict.fromkeys(proof.tasks, 'pass'), name
