"""Starts the processes of a scenario where there is no `ros2 launch`, and ends them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

from edge_adapt.errors import UsageError
from edge_adapt.graph import ENVIRONMENT, NodeSpec, Program, programs

PATIENCE_S = 5.0  # for a process to end after SIGTERM, before it is killed
SHM_BYTES = 64 << 20  # what three processes want of /dev/shm, with room to spare
LAST_DOMAIN = 101  # above it, DDS ports run into those that Linux gives to anybody
# RTPS 2.2, 9.6.1.1: the discovery port of the first participant of a domain on a machine.
_PORT_BASE, _DOMAIN_GAIN, _UNICAST_OFFSET = 7400, 250, 10

OnLine = Callable[[str, str], None]


class Processes:
    """
    A context in which the nodes of a scenario run; leaving it ends them, whatever happened.

    `on_line` gets every line a node prints, with the node's name, from another thread.
    """

    def __init__(
        self,
        specs: Sequence[NodeSpec] | Sequence[Program],
        domain: int,
        on_line: OnLine,
        namespace: str = '',
    ) -> None:
        self._programs = [
            program
            for spec in specs
            for program in (programs([spec], namespace) if isinstance(spec, NodeSpec) else [spec])
        ]
        self._on_line = on_line
        self._environment = {**os.environ, **environment(domain)}
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for program in self._programs:
            self._start(program)
        return self

    def _start(self, program: Program) -> None:
        process = subprocess.Popen(
            [
                sys.executable,
                *('-m', f'edge_adapt.nodes.{program.executable}'),
                *program.arguments,
            ],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            start_new_session=True,  # Ctrl-C is ours to pass on, once
        )
        self._running[program.name] = process
        reader = threading.Thread(target=self._read, args=(program.name, process))
        reader.start()
        self._readers.append(reader)

    def again(self, name: str) -> None:
        """Start a node that has ended once more."""
        self._start(next(program for program in self._programs if program.name == name))

    def kill(self, name: str) -> None:
        """End a node without a chance to say good-bye."""
        self._running[name].kill()
        self._running[name].wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()  # unlike SIGINT, no traceback while Python still imports
        for process in self._running.values():
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for reader in self._readers:
            reader.join()

    def wait(self, name: str) -> int:
        """Return the exit status of a node when it has ended."""
        return self._running[name].wait()

    @property
    def pids(self) -> dict[str, int]:
        """Return the process number of every node."""
        return {name: process.pid for name, process in self._running.items()}

    @property
    def ended(self) -> dict[str, int]:
        """Return the nodes that have ended by themselves, and their exit statuses."""
        codes = {name: process.poll() for name, process in self._running.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def _read(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with contextlib.closing(process.stdout):
            for text in process.stdout:
                self._on_line(name, text.rstrip('\n'))


def environment(domain: int) -> Mapping[str, str]:
    """Return the variables of a graph that keeps to this machine."""
    return {
        **{name: os.environ.get(name, value) for name, value in ENVIRONMENT.items()},
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


def check_machine(domain: int | None) -> int:
    """
    Return the ROS domain to use, after a look at what DDS needs.

    `domain` None picks the first that nobody on this machine uses. Raises UsageError where there
    is no room in /dev/shm, or the domain is taken.
    """
    with contextlib.suppress(OSError):
        free = shutil.disk_usage('/dev/shm').free
        if free < SHM_BYTES:
            raise UsageError(
                f'/dev/shm has {free >> 20} MiB free, {SHM_BYTES >> 20} are needed: remove'
                ' /dev/shm/fastrtps_* of processes that are gone, or make it larger'
            )
    if domain is not None:
        if not 0 <= domain <= LAST_DOMAIN:
            raise UsageError(f'a ROS domain is 0..{LAST_DOMAIN}, got {domain}')
        if _is_taken(domain):
            raise UsageError(
                f'ROS domain {domain} is in use by other nodes on this machine: end them, give'
                ' another with --domain, or leave it out'
            )
        return domain
    for candidate in range(42, LAST_DOMAIN + 1):
        if not _is_taken(candidate):
            return candidate
    raise UsageError(f'all ROS domains from 42 to {LAST_DOMAIN} are in use on this machine')


def _is_taken(domain: int) -> bool:
    """Whether somebody holds the port of the domain's first participant."""
    port = _PORT_BASE + _DOMAIN_GAIN * domain + _UNICAST_OFFSET
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', port))
        except OSError:
            return True
    return False
