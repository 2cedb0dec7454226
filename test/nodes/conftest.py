"""A ROS domain for each test, and a graph of nodes in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import itertools
import os
import time
from typing import Any

from edge_adapt.commands import _starter
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor

# Each worker of pytest-xdist has its own range of domains, so that parallel tests never meet.
_WORKER = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))
_DOMAINS = itertools.cycle(range(10 + 8 * _WORKER, 18 + 8 * _WORKER))
PATIENCE_S = 30.0


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> int:
    """A domain of its own, on this machine only."""
    number = next(_DOMAINS)
    for name, value in _starter.environment(number).items():
        monkeypatch.setenv(name, value)
    return number


class Graph:
    """Nodes of this process under one executor; `wait` spins until something is true."""

    def __init__(self) -> None:
        self._executor = SingleThreadedExecutor()
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
            if hasattr(node, 'deactivate'):
                node.deactivate()
                node.cleanup()
            node.destroy_node()
        self._executor.shutdown()


@contextmanager
def ros(*arguments: str) -> Iterator[Graph]:
    """A context with rclpy initialized with `--ros-args` arguments."""
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
