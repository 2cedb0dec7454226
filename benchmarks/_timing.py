"""Sides timed in turns, so that whatever slows the machine slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import ctypes
import json
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import numpy as np

N_COLD_BYTES = 96 << 20  # more than the caches of the machines we know
FEATURES = ('popcnt', 'avx2', 'avx_vnni', 'avx512f', 'avx512_vnni', 'avx512_vpopcntdq', 'asimd')


def interleaved(
    sides: Mapping[str, Callable[[], object]],
    n_rounds: int,
    n_calls: int = 1,
    before: Callable[[], object] = lambda: None,
    n_untimed: int = 0,
) -> dict[str, tuple[float, float]]:
    """
    Return name -> (minimum, median) of microseconds a call; n_calls are timed together.

    At its turn a side first makes n_untimed calls: they bring back what the others pushed out.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(n_rounds):
        for name, call in sides.items():
            before()
            for _ in range(n_untimed):
                call()
            start = perf_counter_ns()
            for _ in range(n_calls):
                call()
            times[name].append((perf_counter_ns() - start) / n_calls / 1e3)
    return {name: (min(values), median(values)) for name, values in times.items()}


_COLD = np.zeros(N_COLD_BYTES // 8)


def empty_caches() -> None:
    """Touch more memory than the caches hold."""
    global _COLD
    _COLD += 1.0


def keep_freed_memory() -> None:
    """Tell glibc's malloc to map nothing apart and to give nothing back to the system."""
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD of malloc.h
        mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD, at its greatest


def machine() -> dict[str, str]:
    """Return the CPU's name and those of its features that matter here."""
    fields = {}
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        key, _, value = line.partition(':')
        fields.setdefault(key.strip(), value.strip())
    flags = (fields.get('flags') or fields.get('Features') or '').split()
    return {
        'cpu': fields.get('model name', 'unknown'),
        'features': ' '.join(name for name in FEATURES if name in flags),
    }


class Lines:
    """Prints one JSON line a figure; `ratio` says how many times better than the peer."""

    def __init__(self, **always: str) -> None:
        self._always = always

    def say(
        self,
        case: str,
        metric: str,
        value: float,
        unit: str,
        peer: str = '',
        peer_value: float | None = None,
        more_is_better: bool = False,
    ) -> None:
        ratio = None
        if peer_value:
            ratio = round(value / peer_value if more_is_better else peer_value / value, 3)
        line = {
            'case': case,
            'metric': metric,
            'value': round(value, 7 if value < 0.01 else 4),
            'unit': unit,
            'peer': peer or None,
            'peer_value': None if peer_value is None else round(peer_value, 4),
            'ratio': ratio,
        }
        print(json.dumps({**line, **self._always}), flush=True)
