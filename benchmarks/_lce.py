"""Larq Compute Engine in a process of its own: it needs the training environment."""

from __future__ import annotations

from pathlib import Path
from statistics import median
import subprocess

ROOT = Path(__file__).parent.parent


class Lce:
    """Networks ready in LCE; every call is one inference, timed where it happens."""

    def __init__(self, python: str, name: str) -> None:
        self.name = name
        self.times: list[float] = []
        self._process = subprocess.Popen(
            [python, '-m', 'training.lce', name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        while (said := self._line()) != 'ready':  # libraries greet before
            if not said:
                raise SystemExit(f'{python} -m training.lce {name} does not start')

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return line.strip() or (' ' if line else '')

    def __call__(self) -> None:
        assert self._process.stdin is not None
        print(self.name, file=self._process.stdin, flush=True)
        self.times.append(float(self._line()))

    def take(self) -> tuple[float, float]:
        """Return minimum and median of the microseconds since the last call of this."""
        times, self.times = self.times, []
        return min(times), median(times)
