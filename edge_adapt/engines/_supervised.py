"""
A simulated accelerator that is watched: started again where it dies, hangs or answers wrongly.

Its two banks hold two versions of the weights. A version is written to the bank that is not
selected, where the hardware checks its CRC, must answer golden frames as probes there, and is
selected when its first frame comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
import threading
from typing import Protocol

from edge_adapt.engines._accelerator import Geometry
from edge_adapt.engines._simulator import Answer, Simulator, SimulatorLostError
from edge_adapt.records import Array, U8, Weights
import numpy as np

MAX_FAILURES, WITHIN_S = 3, 60.0  # then the CPU stays in charge


class Version(Protocol):
    """Weights as the accelerator takes them."""

    @property
    def weights(self) -> Weights:
        """Return the weights."""
        ...

    @property
    def image(self) -> Array:
        """Their parameter image."""
        ...

    def golden(self) -> tuple[U8, Array]:
        """Return frames' words and the logits that they must give."""
        ...


class Supervised:
    """A simulator that is started again where it fails, and the versions in its two banks."""

    def __init__(self, geometry: Geometry, timeout_s: float, clock_s: Callable[[], float]) -> None:
        self.geometry, self._timeout_s, self._clock_s = geometry, timeout_s, clock_s
        self._lock = threading.RLock()
        self._failures: deque[float] = deque(maxlen=MAX_FAILURES)
        self._news: list[str] = []
        self._closed = False
        self._wanted: Version | None = None
        self._reset_banks()
        self._simulator: Simulator | None = Simulator(geometry, timeout_s)
        self._starting: threading.Thread | None = None

    def _reset_banks(self) -> None:
        self._banks: list[str] = ['', '']
        self._selected = 0  # as after a reset: probes try bank 1

    def run(self, infer: Version, words: U8, bits: bool) -> Answer | None:
        """Run frames with the version of `infer`; None where the accelerator cannot."""
        with self._lock:
            self._wanted = infer
            if self._simulator is None:
                return None
            try:
                self._bring(self._simulator, infer)
                version = infer.weights.version
                if self._banks[self._selected] != version:
                    self._simulator.select(1 - self._selected)
                    self._selected = 1 - self._selected
                answer = self._simulator.infer(words, bits=bits)
            except SimulatorLostError as error:
                self.fail(error)
                return None
            if np.any(answer.banks != self._selected):
                self.fail(SimulatorLostError('the accelerator used the wrong bank'))
                return None
            return answer

    def load(self, infer: Version) -> None:
        """Write and check a version, if the accelerator runs."""
        with self._lock:
            if self._simulator is None:
                return
            try:
                self._bring(self._simulator, infer)
            except SimulatorLostError as error:
                self.fail(error)

    def _bring(self, simulator: Simulator, infer: Version) -> None:
        """Have the version in a bank: written, CRC intact, golden frames right."""
        if infer.weights.version in self._banks:
            return
        bank = 1 - self._selected
        self._banks[bank] = ''
        simulator.write_bank(bank, infer.image)
        words, logits = infer.golden()
        answer = simulator.infer(words, probe=True)
        if np.any(answer.banks != bank) or not np.array_equal(answer.logits, logits):
            raise SimulatorLostError(f'version {infer.weights.version} gave wrong golden answers')
        self._banks[bank] = infer.weights.version

    def fail(self, error: SimulatorLostError) -> None:
        """Say so, end the simulator, and start it again unless it failed too often."""
        with self._lock:
            if self._simulator is not None:
                self._simulator.close()
                self._simulator = None
            self._reset_banks()
            now = self._clock_s()
            self._failures.append(now)
            if len(self._failures) == MAX_FAILURES and now - self._failures[0] <= WITHIN_S:
                self._news.append(
                    f'{error}; {MAX_FAILURES} failures within {WITHIN_S:.0f} s: the CPU stays'
                    ' in charge'
                )
                return
            self._news.append(f'{error}; the CPU answers while the simulator starts again')
            if not self._closed:
                self._starting = threading.Thread(target=self._start_again, daemon=True)
                self._starting.start()

    def _start_again(self) -> None:
        try:
            simulator = Simulator(self.geometry, self._timeout_s)
        except (SimulatorLostError, OSError, ValueError) as error:
            self.fail(SimulatorLostError(str(error)))
            return
        with self._lock:
            if self._closed:
                simulator.close()
                return
            self._simulator = simulator
            if self._wanted is not None:
                self.load(self._wanted)
            if self._simulator is not None:
                self._news.append('the accelerator is back, its parameters written and checked')

    @property
    def is_running(self) -> bool:
        """Whether frames are answered by the accelerator."""
        return self._simulator is not None

    @property
    def process_id(self) -> int | None:
        """Return the simulator's process group; None where there is none."""
        simulator = self._simulator
        return None if simulator is None else simulator.process_id

    def set_timeout(self, timeout_s: float) -> None:
        """Set how long an answer may take."""
        self._timeout_s = timeout_s
        if self._simulator is not None:
            self._simulator.set_timeout(timeout_s)

    def wait(self) -> None:
        """Wait until a start that is under way has ended."""
        if self._starting is not None:
            self._starting.join()

    def report(self) -> Mapping[str, str]:
        """Return registers and state in words."""
        with self._lock:
            if self._simulator is None:
                return {'accelerator': 'the CPU answers', 'failures': str(len(self._failures))}
            try:
                registers = self._simulator.registers()
            except SimulatorLostError as error:
                self.fail(error)
                return {'accelerator': 'lost'}
        busy = registers['busy_cycles'] / max(1, registers['cycles'])
        return {
            'accelerator': 'simulated',
            'cycles_per_inference': str(registers['latency']),
            'simulated_clock_mhz': '125',
            'busy_share': f'{busy:.3f}',
            'bank': str(registers['bank_select']),
            'bank_versions': ' '.join(version or 'none' for version in self._banks),
            'frames': str(registers['frames']),
            'failures': str(len(self._failures)),
        }

    def news(self) -> list[str]:
        """Return the sentences since the last call."""
        with self._lock:
            news, self._news = self._news, []
            return news

    def close(self) -> None:
        """End the simulator for good."""
        with self._lock:
            self._closed = True
            if self._simulator is not None:
                self._simulator.close()
                self._simulator = None
