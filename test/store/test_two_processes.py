"""One process writes until it is killed, another reads: real files, real kill -9."""

from __future__ import annotations

from dataclasses import replace
import os
from pathlib import Path
import subprocess
import sys
import time

import edge_adapt
from edge_adapt.networks.model import Model
from edge_adapt.store.weight_store import WeightStore
import pytest

PACKAGE = Path(edge_adapt.__file__).parents[1]
WRITER = Path(__file__).with_name('_writer.py')


@pytest.fixture
def saved(model, tmp_path) -> Model:
    path = tmp_path / 'tiny.model'
    return replace(model, digest=model.save(path))


def start_writer(tmp_path: Path) -> subprocess.Popen:
    command = [sys.executable, str(WRITER), str(tmp_path), str(tmp_path / 'tiny.model')]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(PACKAGE)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b'ready\n'
    return process


def kill(process: subprocess.Popen) -> None:
    assert process.poll() is None, process.communicate()[1].decode()
    process.kill()
    process.communicate()


def test_a_reader_beside_a_writer_never_sees_a_torn_version(saved, tmp_path):
    store = WeightStore(tmp_path, saved)
    writer = start_writer(tmp_path)
    seen: set[str] = set()
    deadline = time.monotonic() + 60
    while len(seen) < 20 and time.monotonic() < deadline:
        weights = store.running_weights()
        assert weights['head.bias'].shape == (3,)
        seen.add(weights.version)
    kill(writer)
    assert len(seen) >= 20
    assert not [told for told in store.problems.values() if 'has no version' not in told]


def kill_often(saved: Model, tmp_path: Path, n_kills: int) -> None:
    """Kill a writer after ever other numbers of its decisions, and look what it left."""
    store = WeightStore(tmp_path, saved)
    for i in range(n_kills):
        number = store.state.number
        writer = start_writer(tmp_path)
        deadline = time.monotonic() + 60
        while store.state.number < number + 1 + i % 7 and time.monotonic() < deadline:
            pass
        kill(writer)
        boot = WeightStore(tmp_path, saved)
        assert boot.state.number > number
        assert boot.running_weights().version == boot.running
        assert (boot.n_skipped, boot.problems) == (0, {})


def test_a_killed_writer_leaves_the_last_decision(saved, tmp_path):
    kill_often(saved, tmp_path, 5)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_writer_killed_500_times_leaves_the_last_decision(saved, tmp_path, report):
    kill_often(saved, tmp_path, 500)
    report('kill -9 of a writer of the store', 500, 500)
