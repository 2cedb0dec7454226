#!/usr/bin/env python3
"""
Make the virtual environment that every other command runs in.

Four steps, each remembered by the digest of what went into it, so that a step is repeated only
when its input changed or when it was interrupted. Needs nothing but Python's standard library.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import fcntl
import hashlib
import importlib.util
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig
import time
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / 'requirements' / 'lock.txt'
INTERFACES = ROOT / 'interfaces'
PACKAGE_INPUTS = ('setup.py', 'setup.cfg')
NATIVE_SOURCES = 'edge_adapt/engines/cpp'
PYTHONS = ((3, 11), (3, 12))
SYSTEM_PACKAGES = 'python3-venv python3-dev g++ make'
HEARTBEAT_S = 20.0
STARTED = 'started'


class SetUpError(Exception):
    """The machine lacks something; the message says what to do about it."""


class Step(NamedTuple):
    """One step: its sentence, its inputs as a digest, and what it does."""

    name: str
    sentence: str
    digest: str
    run: Callable[[], None]


def main() -> int:
    """Complete the environment named on the command line; 0 when it is ready."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('venv', nargs='?', default='.venv', help='folder of the environment')
    venv = Path(parser.parse_args().venv).absolute()
    forget_outer_environment()
    try:
        sourced = ros_is_sourced()
        refuse_unfit_machine(sourced)
        with only_one_at_a_time():
            Environment(venv, sourced).complete()
    except SetUpError as error:
        print(f'Set-up stopped: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('Set-up interrupted: the next run takes it up again.', file=sys.stderr)
        return 130
    return 0


class Environment:
    """A virtual environment and the record of the steps that made it."""

    def __init__(self, venv: Path, sourced: bool) -> None:
        self.venv = venv
        self.sourced = sourced
        self.python = venv / 'bin' / 'python'
        self.stamp = venv / 'edge_adapt_setup.json'
        self.log = venv / 'edge_adapt_setup.log'

    def complete(self) -> None:
        """Run the steps that are not done yet, in order."""
        steps = self.steps()
        done = self.read_stamp()
        if self.venv.exists() and self.is_half_made(done, steps[0]):
            print(f'Removing {self.venv.name}: its making was interrupted or its Python changed.')
            shutil.rmtree(self.venv)
            done = {}
        for number, step in enumerate(steps, start=1):
            if done.get(step.name) == step.digest:
                continue
            print(f'{number}/{len(steps)} {step.sentence} ...', flush=True)
            started = time.monotonic()
            self.write_stamp({**done, step.name: STARTED})
            step.run()
            done = {**done, step.name: step.digest}
            self.write_stamp(done)
            print(f'    done in {time.monotonic() - started:.0f} s', flush=True)
        print(f'The environment {self.venv.name} is ready.', flush=True)

    def steps(self) -> list[Step]:
        """List the steps; a digest includes the inputs of the steps that this one stands on."""
        interpreter = f'{sys.version_info[:2]} {sys.base_prefix} {self.venv} ros={self.sourced}'
        created = digest_of(interpreter)
        pinned = digest_of(created, LOCK)
        generators = [pin for pin in pins(with_ros=True) if pin.startswith('ros-')]
        built = digest_of(created, *generators, INTERFACES)
        native = ROOT / NATIVE_SOURCES
        installed = digest_of(pinned, *(ROOT / name for name in PACKAGE_INPUTS), native)
        return [
            Step('venv', 'creating the virtual environment', created, self.create),
            Step('pins', 'installing the pinned packages (a minute or two)', pinned, self.install),
            Step('interfaces', 'building the vision_msgs interfaces', built, self.build),
            Step('package', 'installing edge_adapt itself', installed, self.install_package),
        ]

    def is_half_made(self, done: dict[str, str], first: Step) -> bool:
        """Tell whether nothing in the folder can be trusted: then it is made again."""
        return done.get('venv') != first.digest or done.get('pins') == STARTED

    def read_stamp(self) -> dict[str, str]:
        try:
            content = json.loads(self.stamp.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write_stamp(self, done: dict[str, str]) -> None:
        if not self.venv.exists():  # the first step makes the folder
            return
        new = self.stamp.with_suffix('.new')
        new.write_text(json.dumps(done, indent=1) + '\n')
        new.replace(self.stamp)

    def create(self) -> None:
        base = getattr(sys, '_base_executable', sys.executable)
        options = ['--system-site-packages'] if self.sourced else []
        command = [base, '-m', 'venv', *options, str(self.venv)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise SetUpError(f'"{" ".join(command)}" failed:\n{result.stdout}{result.stderr}')

    def install(self) -> None:
        chosen = pins(with_ros=not self.sourced)
        wanted = self.venv / 'edge_adapt_pins.txt'
        wanted.write_text('\n'.join(chosen) + '\n')
        # The pinned pip comes first: it takes half the time of the one that Debian 12 brings.
        self.pip('install', *(pin for pin in chosen if pin.startswith('pip==')))
        # The lock is complete, so there is nothing to resolve; `pip check` proves it afterwards.
        # Modules are compiled when first imported: most of the installed ones never are.
        self.pip('install', '--no-deps', '--no-compile', '-r', wanted)
        if not self.sourced:
            self.pip('check')

    def build(self) -> None:
        if self.can_import('vision_msgs.msg') and not self.built_here():
            return
        if self.sourced:
            distribution = os.environ['ROS_DISTRO']
            raise SetUpError(
                f'vision_msgs is missing: sudo apt install ros-{distribution}-vision-msgs'
            )
        self.run(ROOT / 'tools' / 'build_interfaces', self.venv)
        if not self.can_import('vision_msgs.msg'):
            raise SetUpError(f'vision_msgs was built but cannot be imported; see {self.log}')

    def built_here(self) -> bool:
        """Tell whether the importable vision_msgs is ours, so must follow its sources."""
        return (self.venv / 'share' / 'vision_msgs').is_dir()

    def install_package(self) -> None:
        self.pip('install', '--no-deps', '--no-build-isolation', '--editable', ROOT)

    def can_import(self, module: str) -> bool:
        command = [str(self.python), '-c', f'import {module}']
        return subprocess.run(command, capture_output=True, cwd='/', check=False).returncode == 0

    def pip(self, *arguments: object) -> None:
        quiet = ('--disable-pip-version-check', '--no-input')
        self.run(self.python, '-m', 'pip', *quiet, *arguments)

    def run(self, *command: object) -> None:
        """Run a command with its output in the log; a failure shows the log's last lines."""
        words = [str(word) for word in command]
        with self.log.open('ab') as log:
            log.write(f'$ {" ".join(words)}\n'.encode())
            log.flush()
            process = subprocess.Popen(words, stdout=log, stderr=log)
            try:
                wait_aloud(process)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        if process.returncode:
            last = self.log.read_text(errors='replace').splitlines()[-25:]
            raise SetUpError('\n  '.join(['a command failed; its last lines were:', *last]))


def wait_aloud(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process with a sign of life now and then."""
    started = time.monotonic()
    while True:
        try:
            process.wait(timeout=HEARTBEAT_S)
            return
        except subprocess.TimeoutExpired:
            print(f'    {time.monotonic() - started:.0f} s so far', flush=True)


def forget_outer_environment() -> None:
    """Drop what the ROS wheels of an outer environment left in ours: paths to their libraries."""
    if os.environ.pop('_ROS_WHEELS_BOOTSTRAP_COMPLETE', None):
        os.environ.pop('LD_LIBRARY_PATH', None)
        os.environ.pop('AMENT_PREFIX_PATH', None)
    os.environ.pop('PIP_REQUIRE_VIRTUALENV', None)


def ros_is_sourced() -> bool:
    """Tell whether an installed ROS 2 is in use; refuse one that this Python cannot import."""
    distribution = os.environ.get('ROS_DISTRO')
    if not (distribution and os.environ.get('AMENT_PREFIX_PATH')):
        return False
    if importlib.util.find_spec('rclpy') is not None:
        return True
    version = '.'.join(map(str, sys.version_info[:2]))
    raise SetUpError(
        f'ROS 2 {distribution} is sourced, but Python {version} ({sys.executable}) has no rclpy. '
        f'Name the Python of that ROS (make PYTHON=/usr/bin/python3 ...) or use a shell '
        f'without ROS, where the wheels are taken instead.'
    )


def refuse_unfit_machine(sourced: bool) -> None:
    """Say which system packages are missing, before anything is begun."""
    if sys.version_info[:2] not in PYTHONS:
        version = '.'.join(map(str, sys.version_info[:2]))
        raise SetUpError(
            f'Python 3.11 or 3.12 is needed, and {sys.executable} is {version}. '
            'Name another one: make PYTHON=python3.12 ...'
        )
    missing = []
    if importlib.util.find_spec('ensurepip') is None:
        missing.append('python3-venv')
    if not (Path(sysconfig.get_path('include')) / 'Python.h').is_file():
        missing.append('python3-dev')
    if shutil.which('g++') is None:
        missing.append('g++')
    if sourced:
        missing = [name for name in missing if name == 'python3-venv']
    if missing:
        raise SetUpError(
            f'{", ".join(missing)} missing. On Debian or Ubuntu: '
            f'sudo apt install {SYSTEM_PACKAGES}'
        )


@contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Lock the folder of the lock file, so that two set-ups never work in one place."""
    folder = os.open(LOCK.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print('Another set-up is running; waiting for it.', flush=True)
        fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(folder)


def pins(*, with_ros: bool) -> list[str]:
    """Return the pinned requirements of the lock file, with or without its [ros] section."""
    section, chosen = '', []
    for line in LOCK.read_text().splitlines():
        if line.startswith('# ['):
            section = line[2:]
        elif line and not line.startswith('#') and (with_ros or section != '[ros]'):
            chosen.append(line)
    return chosen


def digest_of(*parts: str | Path) -> str:
    """Return a digest of texts and of files or whole folders; what does not exist is nothing."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode() + b'\0')
            continue
        files = sorted(part.rglob('*')) if part.is_dir() else [part]
        for file in files:
            if file.is_file() and '__pycache__' not in file.parts:
                digest.update(f'{file.relative_to(ROOT)}\0'.encode() + file.read_bytes() + b'\0')
    return digest.hexdigest()


if __name__ == '__main__':
    sys.exit(main())
