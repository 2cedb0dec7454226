"""What DDS needs of a machine is checked first, and what is wrong is said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
import shutil
import socket
import subprocess
import sys
from types import SimpleNamespace

from edge_adapt.commands import _starter
from edge_adapt.errors import UsageError
import pytest


@pytest.fixture
def busy_domain() -> Iterator[int]:
    """Return a domain whose discovery port (RTPS 2.2, 9.6.1.1) somebody holds."""
    domain = _starter.check_machine(None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(('', 7400 + 250 * domain + 10))
        yield domain


def test_a_domain_in_use_is_refused(busy_domain: int) -> None:
    with pytest.raises(UsageError, match=f'ROS domain {busy_domain} is in use by other nodes'):
        _starter.check_machine(busy_domain)


@pytest.mark.parametrize('domain', [-1, 102])
def test_a_domain_that_does_not_exist_is_refused(domain: int) -> None:
    with pytest.raises(UsageError, match=f'a ROS domain is 0..101, got {domain}'):
        _starter.check_machine(domain)


def test_no_room_in_shared_memory_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(UsageError, match='/dev/shm has 1 MiB free, 64 are needed: remove'):
        _starter.check_machine(None)


def test_without_ros_the_demo_says_how_to_get_it() -> None:
    script = (
        "import sys; sys.modules['rclpy'] = None;"
        " from edge_adapt.cli import main; sys.exit(main(['demo']))"
    )
    run = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert 'this needs ROS 2: rclpy is not installed. Run `make setup`' in run.stderr
    assert 'Traceback' not in run.stderr
