"""Real processes over real DDS that a test may harm, and an observer who sees what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
import itertools
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray
import edge_adapt
from edge_adapt.commands import _starter
from edge_adapt.errors import UsageError
from edge_adapt.graph import CARD, NodeSpec, Value
from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification, VisionInfo

PATIENCE_S = 100.0  # a busy machine starts a process slowly
_WORKER = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))
_DOMAINS = itertools.cycle(range(60 + 8 * _WORKER, 68 + 8 * _WORKER))
_MANY = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    'camera': {'schedule': 'clean:1000000', 'label_share': 0.5},
    'inference': {'region': CARD, 'allow_unsigned': True},
    'adaptation': {'region': CARD},
}


class Observer(Node):
    """Hears everything a test asks about, and says what the test wants said."""

    def __init__(self) -> None:
        super().__init__('observer')
        self.n_results, self.latest_stamp_ns = 0, 0
        self.ages_ms: list[float] = []
        self.versions: list[str] = []
        self.n_drifts = 0
        self.input: dict[str, str] = {}
        self.learning: dict[str, str] = {}
        self.learning_level = b'\0'
        self.images = self.create_publisher(Image, 'image_raw', image_qos(reliable=True, depth=10))
        self.weights = self.create_publisher(UInt8MultiArray, 'weights', LATCHED)
        for kind, topic, callback, qos in (
            # who counts all answers must have time to hear them, whatever else it does
            (Classification, 'classification', self._on_result, _MANY),
            (VisionInfo, 'model', self._on_model, LATCHED),
            (DiagnosticArray, 'drift', self._on_drift, RELIABLE),
            (DiagnosticArray, '/diagnostics', self._on_diagnostics, RELIABLE),
        ):
            self.create_subscription(kind, topic, callback, qos)

    def _on_result(self, message: Classification) -> None:
        self.n_results += 1
        self.latest_stamp_ns = convert.stamp_ns(message.header.stamp)
        self.ages_ms.append((time.time_ns() - self.latest_stamp_ns) / 1e6)

    def _on_model(self, message: VisionInfo) -> None:
        self.versions.append(message.database_location)

    def _on_drift(self, message: DiagnosticArray) -> None:
        self.n_drifts += 1

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            node, _, task = status.name.rpartition('/')[2].partition(': ')
            if node == 'inference':
                self.input.update(values)
            if (node, task) == ('adaptation', 'learning'):
                self.learning, self.learning_level = values, status.level


class Robot:
    """Nodes as processes, by name, and the observer. Every wait ends or fails the test."""

    def __init__(self, domain: int) -> None:
        root = str(Path(edge_adapt.__file__).parents[1])
        self._environment = {**os.environ, **_starter.environment(domain), 'PYTHONPATH': root}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._specs: dict[str, NodeSpec] = {}
        self._readers: list[threading.Thread] = []
        self.lines: dict[str, list[str]] = {}
        self.respawn = False  # whether a node that ended itself is started again, as launch does
        self.n_respawns = 0
        self.observer = Observer()
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.observer)

    def start(self, name: str, wait: bool = True, **parameters: Value) -> None:
        """Start a node, with the parameters of its last start where none are given."""
        before = self._specs.get(name, NodeSpec(name, DEFAULTS[name]))
        self._specs[name] = spec = before.with_parameters(parameters)
        command = [sys.executable, '-m', f'edge_adapt.nodes.{name}', *spec.ros_arguments()]
        process = subprocess.Popen(
            command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
        )
        self._processes[name] = process
        lines = self.lines[name] = []
        reader = threading.Thread(target=_read, args=(process, lines))
        reader.start()
        self._readers.append(reader)
        if wait:
            self.wait(
                lambda: any(f'{name} is active' in line for line in lines), f'start of {name}'
            )

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def kill(self, name: str) -> None:
        """End a node as the kernel does when memory is short."""
        self._processes[name].send_signal(signal.SIGKILL)
        self._processes[name].wait()

    def is_alive(self, name: str) -> bool:
        return self._processes[name].poll() is None

    def status(self, name: str) -> int | None:
        """Return the exit status of a node; None while it runs."""
        return self._processes[name].poll()

    def resident_kib(self, name: str) -> int:
        """Return the resident memory of a node."""
        return self._kib(name, 'VmRSS')

    def own_kib(self, name: str) -> int:
        """Return it without the segments DDS shares: their size is fixed, and they fill slowly."""
        return self._kib(name, 'RssAnon') + self._kib(name, 'RssFile')

    def _kib(self, name: str, kind: str) -> int:
        status = Path(f'/proc/{self.pid(name)}/status').read_text()
        return int(status.split(f'{kind}:')[1].split()[0])

    def n_threads_and_files(self, name: str) -> tuple[int, int]:
        """Return how many threads and open files a node has."""
        folder = Path(f'/proc/{self.pid(name)}')
        return len(list((folder / 'task').iterdir())), len(list((folder / 'fd').iterdir()))

    def spin(self, seconds: float = 0.0) -> None:
        """Hear what there is to hear, for a while."""
        deadline = time.monotonic() + seconds
        while True:
            self._executor.spin_once(timeout_sec=min(0.01, max(0.0, seconds)))
            if time.monotonic() >= deadline:
                return

    def wait(self, is_true: Callable[[], object], what: str = 'it') -> float:
        """Hear until `is_true`, and return how many seconds that took."""
        start = time.monotonic()
        while not is_true():
            waited = time.monotonic() - start
            last = {name: lines[-3:] for name, lines in self.lines.items()}
            assert waited < PATIENCE_S, f'{what} did not happen in {PATIENCE_S:.0f} s; {last}'
            self._executor.spin_once(timeout_sec=0.05)
            if self.respawn:
                self._start_again()
        return time.monotonic() - start

    def _start_again(self) -> None:
        """Start those again whose watchdog ended them."""
        for name in [name for name in self._processes if self.status(name) == 1]:
            self.n_respawns += 1
            self.start(name, wait=False)

    def wait_for_results(self, n_results: int = 1) -> float:
        """Hear so many more results, and return how many seconds that took."""
        goal = self.observer.n_results + n_results
        return self.wait(lambda: self.observer.n_results >= goal, 'a result')

    def close(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self._processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for reader in self._readers:
            reader.join()
        self._executor.shutdown()
        self.observer.destroy_node()

    def tracebacks(self) -> list[str]:
        """Return the lines of all logs that belong to no sentence."""
        return [line for lines in self.lines.values() for line in lines if 'Traceback' in line]


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        lines.extend(line.rstrip('\n') for line in output)


def is_free(domain: int) -> bool:
    """Return whether no other test on this machine uses the domain."""
    try:
        return _starter.check_machine(domain) == domain
    except UsageError:
        return False


@pytest.fixture
def robot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Robot]:
    """Return a robot without nodes, in a domain of its own."""
    domain = next(number for number in _DOMAINS if is_free(number))
    for name, value in _starter.environment(domain).items():
        monkeypatch.setenv(name, value)
    rclpy.init()
    machine = Robot(domain)
    try:
        yield machine
        assert machine.tracebacks() == []
    finally:
        machine.close()
        rclpy.try_shutdown()
