"""What a process asks of the C library: freed memory is used again."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys

import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes import _process  # noqa: E402

N_IMAGES, N_BYTES = 200, 640 * 480 * 3
# Two images at a time, as a receiver has them: one that came, one that is being looked at.
SCRIPT = f"""
import resource
from edge_adapt.nodes import _process
_process.tune()
def n_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = n_faults()
for _ in range({N_IMAGES}):
    images = [b'x' * {N_BYTES}, b'y' * {N_BYTES}]
    del images
print(n_faults() - before)
"""
TIDY = """
from pathlib import Path
from edge_adapt.nodes import _process
_process.tune()
def resident_mb():
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * 4096 / 1e6
pieces = [b'x' * (100_000 + i) for i in range(500)]
kept = pieces[-1]
pieces.clear()
before = resident_mb()
_process.tidy()
print(before - resident_mb())
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='asks /proc for the resident memory')
def test_what_learning_needed_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, '-c', TIDY], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(done.stdout) > 40


def test_the_pages_of_an_image_are_used_for_the_next() -> None:
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )
    n_pages = 2 * N_BYTES // resource.getpagesize()
    # Each page is mapped once; given back to the kernel, it would be mapped for every image.
    assert int(done.stdout) < 3 * n_pages


def test_what_is_loaded_is_passed_over_by_later_collections() -> None:
    try:
        _process.settle()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
