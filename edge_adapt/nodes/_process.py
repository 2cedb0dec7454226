"""What a process that images pass through asks of the interpreter and of the C library."""

from __future__ import annotations

import ctypes
import gc
import sys

# A worker waits at most this long for the interpreter while callbacks run; Python's 5 ms are
# more than a whole inference.
SWITCH_S = 0.0005
_C_LIBRARY = ctypes.CDLL(None)
# glibc, malloc.h. Blocks of at least M_MMAP_THRESHOLD bytes come from the kernel, page by page,
# and go back to it when they are freed; the heap shrinks where M_TRIM_THRESHOLD bytes end it.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
LARGEST_KEPT = 32 << 20  # bytes, the most that glibc allows
SPARE = 256 << 20  # bytes that may lie free at the end of the heap


def tune() -> None:
    """Hand the interpreter over quickly, and keep the memory of an image for the next one."""
    sys.setswitchinterval(SWITCH_S)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """
    Let malloc use freed memory again instead of giving it back to the kernel.

    A 640x480 RGB image has 225 pages. Whoever receives, converts and publishes it would map, clear
    and unmap them several times a frame, which costs more than all copies of it together, and
    depends on what the process did before. What the process holds is bounded by what it ever
    needed at once. Only glibc is asked; other C libraries have no such call.
    """
    mallopt = getattr(_C_LIBRARY, 'mallopt', None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGEST_KEPT)
        mallopt(_M_TRIM_THRESHOLD, SPARE)


def settle() -> None:
    """Collect garbage once, and let later collections pass over all that was loaded."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def tidy() -> None:
    """
    Give back what a piece of learning left behind, in about a millisecond.

    Only a full collection empties CPython's lists of free tuples, and they pin the pages they lie
    in; `keep_freed_memory` keeps what learning has needed at once. Not for every frame: images
    would be mapped anew.
    """
    gc.collect()
    malloc_trim = getattr(_C_LIBRARY, 'malloc_trim', None)
    if malloc_trim is not None:
        malloc_trim(0)
