"""
Let atheris search for bytes that break a target: `python test/fuzz/run.py NAME [libFuzzer flags]`.

`python test/fuzz/run.py --seed` writes the first bytes of every corpus. `make faults` installs
atheris, and so does `pip install -r requirements/fuzz.txt`.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
import sys

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).parent)]
CORPUS = Path(__file__).parent / 'corpus'


def main(arguments: list[str]) -> int:
    if arguments == ['--seed']:
        for name, seeds in import_module('targets').seeds().items():
            (CORPUS / name).mkdir(parents=True, exist_ok=True)
            for seed in seeds:
                (CORPUS / name / hashlib.sha256(seed).hexdigest()[:12]).write_bytes(seed)
        return 0
    try:
        atheris = import_module('atheris')
    except ModuleNotFoundError:
        sys.exit('coverage-guided fuzzing needs the Python package atheris, not installed here')
    with atheris.instrument_imports(include=['edge_adapt']):
        targets = import_module('targets')
    if not arguments or arguments[0] not in targets.TARGETS:
        sys.exit(f'name a target: {", ".join(targets.TARGETS)}')
    name, *flags = arguments
    folders = [] if any(not flag.startswith('-') for flag in flags) else [str(CORPUS / name)]

    def one_input(data: bytes) -> None:
        targets.run(name, data)

    atheris.Setup([sys.argv[0], *flags, *folders], one_input)
    atheris.Fuzz()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
