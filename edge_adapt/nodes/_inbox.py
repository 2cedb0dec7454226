"""What callbacks leave for a worker: a bounded queue, whose oldest give way to the newest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
import threading
from typing import Any

Job = Callable[[], None]


class Inbox:
    """`put` from any thread; `wait` and take the `jobs` in one."""

    def __init__(self, limit: int) -> None:
        self._jobs: deque[Job] = deque(maxlen=limit)
        self._arrived = threading.Event()

    def __len__(self) -> int:
        """Return how many jobs wait."""
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Leave a job."""
        self._jobs.append(job)
        self._arrived.set()

    def later(self, take: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return a callback that leaves the message to the worker, who will `take` it."""
        return lambda message: self.put(partial(take, message))

    def wait(self, seconds: float) -> None:
        """Wait for a job, so long at most."""
        self._arrived.wait(seconds)
        self._arrived.clear()

    def jobs(self) -> Iterator[Job]:
        """Take the jobs that are there, and those that come meanwhile."""
        while self._jobs:
            yield self._jobs.popleft()

    def clear(self) -> None:
        """Forget the jobs that wait; for the worker alone."""
        self._jobs.clear()
