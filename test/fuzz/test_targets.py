"""Every target survives its corpus and mutations of it; with atheris it survives a search."""

from __future__ import annotations

import importlib.util
from pathlib import Path
import random
import re
import subprocess
import sys
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location('fuzz_targets', HERE / 'targets.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


targets = _load()
NAMES = sorted(targets.TARGETS)


def corpus(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((HERE / 'corpus' / name).iterdir())]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return data with a few bits flipped, bytes set to extremes, pieces cut, doubled, moved."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, other = rng.randrange(len(changed) + 1), rng.randrange(len(changed) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(changed):
            changed[at] = rng.choice([0, 1, 127, 128, 255, *b'-.[]{}"0139e'])
        elif kind == 2:
            del changed[at : at + rng.randint(1, 16)]
        elif kind == 3:
            changed[at:at] = changed[other : other + rng.randint(1, 16)]
        else:
            changed[at : at + 4] = rng.randbytes(4)
    return bytes(changed)


@pytest.mark.parametrize('name', NAMES)
def test_a_corpus_has_bytes_that_are_taken_and_is_small(name):
    data = corpus(name)
    assert sum(map(len, data)) < 64_000
    assert name == 'message' or any(targets.run(name, seed) for seed in data)


def check(name: str, n_mutations: int) -> None:
    rng = random.Random(7)
    seeds = corpus(name)
    for _ in range(n_mutations):
        targets.run(name, mutated(rng.choice(seeds), rng))


@pytest.mark.parametrize('name', NAMES)
def test_mutations_are_taken_or_refused(name):
    check(name, 1_000)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize('name', NAMES)
def test_100_000_mutations_are_taken_or_refused(name, report):
    check(name, 100_000)
    report(f'fuzzed bytes: {name}', 100_000, 100_000)


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_a_coverage_guided_search_finds_nothing(name, tmp_path, report):
    if importlib.util.find_spec('atheris') is None:
        pytest.skip('coverage-guided fuzzing needs atheris: pip install -r requirements/fuzz.txt')
    (tmp_path / 'found').mkdir()
    command = [
        sys.executable,
        str(HERE / 'run.py'),
        name,
        '-max_total_time=20',
        '-rss_limit_mb=2048',
    ]
    command += [
        f'-artifact_prefix={tmp_path}/',
        str(tmp_path / 'found'),
        str(HERE / 'corpus' / name),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (n_runs,) = re.findall(r'^Done (\d+) runs', done.stderr, re.MULTILINE)
    report(f'coverage-guided search: {name}', int(n_runs), int(n_runs))
