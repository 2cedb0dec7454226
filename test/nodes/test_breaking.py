"""A node that breaks says so and ends: a dead thread must not look like a quiet one."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

from edge_adapt.nodes._worker import Worker
import pytest

pytestmark = pytest.mark.ros

BROKEN = """
import sys
from edge_adapt.nodes.{kind} import {name}
from edge_adapt.nodes._lifecycle import run

class Broken({name}):
    def {method}(self, *arguments):
        raise {error}('on purpose')
{more}
sys.exit(run(Broken))
"""
TIMER = """
    def activate(self):
        super().activate()
        self.create_timer(0.01, self.strike)
"""


@pytest.mark.parametrize(
    ('kind', 'method', 'more'),
    [
        ('inference', '_work', ''),
        ('adaptation', '_work', ''),
        ('inference', 'strike', TIMER),
        ('adaptation', 'strike', TIMER),
    ],
)
@pytest.mark.parametrize('error', ['KeyError', 'UsageError'])
def test_what_escapes_ends_the_process_with_status_1_and_a_fatal_line(
    kind: str, method: str, more: str, error: str, domain: int, tmp_path: Path
) -> None:
    script = tmp_path / 'broken.py'
    words = {'kind': kind, 'name': kind.capitalize(), 'method': method, 'error': error}
    text = BROKEN.format(**words, more=more)
    script.write_text(f'from edge_adapt.errors import UsageError\n{text}')
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert '[FATAL]' in said
    assert 'on purpose' in said
    assert 'cannot start' not in said


def test_a_worker_gives_what_ended_it() -> None:
    errors: list[BaseException] = []

    def step() -> None:
        raise ZeroDivisionError

    worker = Worker(step, errors.append, niceness=1)
    worker.stop()
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_a_niceness_the_kernel_refuses_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[BaseException] = []

    def refuse(*arguments: int) -> None:
        raise PermissionError

    monkeypatch.setattr('os.setpriority', refuse)
    Worker(lambda: None, errors.append, niceness=-1).stop()
    assert [type(error) for error in errors] == [PermissionError]
