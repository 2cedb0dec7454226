"""Model files and bags that were damaged on purpose: a sentence, never a crash or a hang."""

from __future__ import annotations

from pathlib import Path
import random
from typing import Any

from edge_adapt import registry
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model, path_of
import pytest


def flip_bits(data: bytes, path: Path, bits: list[int]) -> int:
    """Return how many files with one flipped bit were refused."""
    n_refused = 0
    for bit in bits:
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(UsageError):
            Model.load(str(path))
        n_refused += 1
    return n_refused


def damage(tmp_path: Path, n_flips: int, n_cuts: int) -> tuple[int, int]:
    data, path = path_of('digits').read_bytes(), tmp_path / 'x.model'
    rng = random.Random(4)
    header = range(8 * 18)  # magic, format, kind and the header's length: every bit
    bits = [*header, *(rng.randrange(8 * len(data)) for _ in range(n_flips))]
    n_refused = flip_bits(data, path, bits)
    for n_bytes in sorted({rng.randrange(len(data)) for _ in range(n_cuts)}):
        path.write_bytes(data[:n_bytes])
        with pytest.raises(UsageError):
            Model.load(str(path))
    return len(bits), n_refused


def test_damaged_model_files_are_refused(tmp_path, report):
    tried, refused = damage(tmp_path, 200, 50)
    report('flipped bits of a model file', tried, refused)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_10_000_damaged_model_files_are_refused(tmp_path, report):
    tried, refused = damage(tmp_path, 10_000, 1_000)
    report('flipped bits of a model file', tried, refused)


def damaged_bags(storage: str, folder: Path, n_bags: int) -> int:
    """Read a bag with some bytes changed or cut off, again and again; count what still gave."""
    recording = pytest.importorskip('edge_adapt.streams.bag.recording')
    writing = pytest.importorskip('edge_adapt.streams.bag.writing')
    stream: Any = registry.load('streams', 'digits')(schedule='clean:3', seed=1)
    writing.write(stream, folder / 'bag', storage=storage, schedule='clean:3')
    [path] = [p for p in (folder / 'bag').iterdir() if p.suffix in ('.mcap', '.db3')]
    data, rng, n_readable = path.read_bytes(), random.Random(6), 0
    for _ in range(n_bags):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 8)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        cut = rng.randrange(len(changed)) if rng.random() < 0.3 else len(changed)
        path.write_bytes(changed[:cut])
        try:
            n_readable += any(True for _ in recording.Recording(folder / 'bag'))
        except UsageError:
            continue
    return n_readable


@pytest.mark.filterwarnings('default')
@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_damaged_bags_are_read_in_part_or_refused(storage, tmp_path, report):
    n_readable = damaged_bags(storage, tmp_path, 20)
    report(f'damaged bags ({storage})', 20, 20, readable=n_readable)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings('default')
@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_2_000_damaged_bags_are_read_in_part_or_refused(storage, tmp_path, report):
    n_readable = damaged_bags(storage, tmp_path, 2_000)
    report(f'damaged bags ({storage})', 2_000, 2_000, readable=n_readable)
