"""A node that hangs ends itself with status 1 and says where it was; a slow start is no hang."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys
from typing import Any

import edge_adapt
from edge_adapt.nodes._watchdog import Watchdog
import pytest

pytestmark = pytest.mark.ros

SCRIPT = """
import ctypes, sys, time
from edge_adapt.nodes.inference import Inference
from edge_adapt.nodes._lifecycle import run

class Slow(Inference):
    def configure(self):
        time.sleep({load_s})
        super().configure()

    def activate(self):
        super().activate()
        self.create_timer(0.01, self.on_time)

    def on_time(self):
        {callback}

    def _work(self):
        {work}

sys.exit(run(Slow, arguments=['--ros-args', '-p', 'watchdog_s:={limit_s}']))
"""
KEEP_INTERPRETER = 'ctypes.PyDLL(None).sleep(100)'
END = "raise ValueError('on purpose')"


def ran(
    folder: Path, limit_s: object, script: str = SCRIPT, **words: object
) -> subprocess.CompletedProcess[str]:
    path = folder / 'slow.py'
    path.write_text(script.format(limit_s=limit_s, **words))
    return subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, 'PYTHONPATH': str(Path(edge_adapt.__file__).parents[1])},
    )


@pytest.mark.parametrize('hang', [KEEP_INTERPRETER, 'time.sleep(100)'])
@pytest.mark.parametrize('place', ['callback', 'work'])
def test_what_hangs_ends_with_status_1_and_its_place(
    place: str, hang: str, tmp_path: Path, domain: int
) -> None:
    words: dict[str, Any] = {
        'load_s': 0,
        'callback': 'pass',
        'work': 'time.sleep(0.01)',
        place: hang,
    }
    done = ran(tmp_path, 2.0, **words)
    assert done.returncode == 1, done.stderr
    assert 'Timeout' in done.stderr
    assert {'callback': 'in on_time', 'work': 'in _work'}[place] in done.stderr


@pytest.mark.parametrize(('limit_s', 'load_s'), [(1.0, 3), (0.0, 0)])
def test_a_slow_start_is_no_hang_and_zero_seconds_are_for_ever(
    limit_s: float, load_s: float, tmp_path: Path, domain: int
) -> None:
    work = 'time.sleep(0.01)' if limit_s else f'time.sleep(3); {END}'
    callback = 'time.sleep(0.3)' if not limit_s else END
    done = ran(tmp_path, limit_s, load_s=load_s, callback=callback, work=work)
    assert 'Timeout' not in done.stderr
    assert 'on purpose' in done.stderr


def test_a_step_under_way_comes_to_its_end(tmp_path: Path, domain: int) -> None:
    callback = 'import os, signal; os.kill(os.getpid(), signal.SIGTERM)'
    script = SCRIPT.replace('inference', 'adaptation').replace('Inference', 'Adaptation')
    done = ran(tmp_path, 1.0, script, load_s=0, callback=callback, work='time.sleep(4)')
    assert (done.returncode, done.stderr.count('Timeout')) == (0, 0)


@pytest.mark.parametrize('limit_s', [0.1, 0.999, -1.0, float('nan'), 1e9])
def test_a_time_nobody_can_keep_is_refused(limit_s: float, tmp_path: Path, domain: int) -> None:
    text = f'.{limit_s}' if limit_s != limit_s else limit_s
    done = ran(tmp_path, text, load_s=0, callback='pass', work='pass')
    assert done.returncode == 2
    assert 'watchdog_s' in done.stderr
    assert 'Traceback' not in done.stderr


def test_the_time_a_worker_took_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    armed: list[float] = []
    monkeypatch.setattr('faulthandler.dump_traceback_later', lambda s, **more: armed.append(s))
    now_s = [0.0]
    watchdog = Watchdog(8.0, lambda: now_s[0])
    for now_s[0], busy_s in ((0.0, 0.0), (0.1, 0.1), (2.0, 2.0), (4.0, 9.0)):
        watchdog.alive(busy_s)
    assert armed == [8.0, 6.0]  # not again after 0.1 s; and a worker over its time is not helped
