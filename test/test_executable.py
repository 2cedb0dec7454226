"""The executables of the nodes end quietly in their first second, while Python imports."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# Sends the signal to itself at the moment the middleware is imported.
EARLY = """
import importlib.abc, os, sys
from edge_adapt import executable

class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == 'rclpy':
            print('importing', flush=True)
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Interrupting())
sys.argv = ['/opt/ros/lib/edge_adapt/inference']
sys.exit(executable.main())
"""


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_node_ended_while_it_imports_ends_with_status_0_and_no_traceback(number: int) -> None:
    ended = subprocess.run(
        [sys.executable, '-c', EARLY.format(number=int(number))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, 'importing\n', '')
