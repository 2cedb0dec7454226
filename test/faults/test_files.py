"""Model files that were damaged on purpose are refused, never a crash or a hang."""

from __future__ import annotations

from pathlib import Path
import random

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
