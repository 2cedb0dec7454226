"""A ROS domain for each test, and a graph of nodes in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import itertools
import os
import threading
import time
from typing import Any

from edge_adapt.commands import _starter
from edge_adapt.nodes._executor import executor
import pytest
import rclpy

# Each worker of pytest-xdist has its own range of domains, so that parallel tests never meet.
_WORKER = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))
_DOMAINS = itertools.cycle(range(10 + 8 * _WORKER, 18 + 8 * _WORKER))
PATIENCE_S = 30.0


@pytest.fixture
def domain() -> Iterator[int]:
    """Return a domain of its own, on this machine only."""
    with _own_domain() as number:
        yield number


@pytest.fixture(scope='module')
def domain_of_file() -> Iterator[int]:
    """Return a domain that the tests of a file share."""
    with _own_domain() as number:
        yield number


@contextmanager
def _own_domain() -> Iterator[int]:
    number = next(_DOMAINS)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _starter.environment(number).items():
            patch.setenv(name, value)
        yield number


class Lines:
    """What processes print; `wait` until one of them says something."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._condition = threading.Condition()

    def __call__(self, name: str, text: str) -> None:
        with self._condition:
            self._said.append(f'{name}: {text}')
            self._condition.notify_all()

    def wait(self, *wanted: str) -> None:
        """Wait until every text was said."""
        with self._condition:
            heard = self._condition.wait_for(
                lambda: all(any(text in line for line in self._said) for text in wanted),
                PATIENCE_S,
            )
        assert heard, (wanted, self._said)

    def with_text(self, text: str) -> list[str]:
        """Return the lines with a text."""
        with self._condition:
            return [line for line in self._said if text in line]


@pytest.fixture
def lines() -> Lines:
    """Return what the processes of a test print."""
    return Lines()


class Graph:
    """Nodes of this process under one executor; `wait` spins until something is true."""

    def __init__(self) -> None:
        self._executor = executor()
        self.nodes: list[Any] = []

    def add(self, node: Any) -> Any:
        """Add a node and return it."""
        self.nodes.append(node)
        self._executor.add_node(node)
        return node

    def wait(self, is_true: Callable[[], object], what: str = 'it') -> None:
        """Spin until `is_true`; the test fails where that takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_true():
            assert time.monotonic() < deadline, f'{what} did not happen in {PATIENCE_S:.0f} s'
            self._executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        """End every node."""
        for node in self.nodes:
            if hasattr(node, 'close'):
                node.close()
            node.destroy_node()
        self._executor.shutdown()


@contextmanager
def ros(*arguments: str) -> Iterator[Graph]:
    """Return a context with rclpy initialized with `--ros-args` arguments."""
    rclpy.init(args=['--ros-args', *arguments] if arguments else None)
    graph = Graph()
    try:
        yield graph
    finally:
        graph.close()
        rclpy.try_shutdown()


@pytest.fixture
def start(domain: int) -> Callable[..., Any]:
    """Return `ros`, in a domain of its own."""
    return ros


@pytest.fixture(scope='module')
def start_file(domain_of_file: int) -> Callable[..., Any]:
    """Return `ros`, in a domain that the file's tests share."""
    return ros
