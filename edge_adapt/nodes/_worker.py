"""A thread that does the work of a node, so that its callbacks need not."""

from __future__ import annotations

from collections.abc import Callable
import os
import threading
import time


class Worker:
    """
    Calls `step` again and again until it is stopped.

    `niceness` lowers the priority of this thread alone (Linux). What `step` raises ends the
    thread and is given to `on_failure`.
    """

    def __init__(
        self,
        step: Callable[[], None],
        on_failure: Callable[[BaseException], None],
        niceness: int = 0,
    ) -> None:
        self._step, self._on_failure, self._niceness = step, on_failure, niceness
        self._stop = threading.Event()
        self._since_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            if self._niceness:
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
            while not self._stop.is_set():
                self._since_s = time.monotonic()
                self._step()
        except Exception as error:  # noqa: BLE001  a dead thread must not look like a quiet one
            self._on_failure(error)

    @property
    def busy_s(self) -> float:
        """Return for how many seconds the step under way has gone on; 0 where there is none."""
        return time.monotonic() - self._since_s if self._thread.is_alive() else 0.0

    def stop(self) -> None:
        """Let the step under way end, and wait for it."""
        self._stop.set()
        self._thread.join()
