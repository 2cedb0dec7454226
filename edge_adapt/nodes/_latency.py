"""Percentiles of the latest latencies."""

from __future__ import annotations

from collections import deque

import numpy as np

WINDOW = 1000


class Latency:
    """Keeps the latest WINDOW latencies. A negative one is of a clock that was set: not kept."""

    def __init__(self) -> None:
        self._latest_ms: deque[float] = deque(maxlen=WINDOW)

    def add(self, nanoseconds: int) -> None:
        """Add one latency; a negative one, where the clock was set back, is none."""
        if nanoseconds >= 0:
            self._latest_ms.append(nanoseconds / 1e6)

    def clear(self) -> None:
        """Forget them all."""
        self._latest_ms.clear()

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile in milliseconds; NaN before the first latency."""
        values = tuple(self._latest_ms)  # one step for the GIL, so that a worker may add meanwhile
        return float(np.percentile(values, percent)) if values else float('nan')
