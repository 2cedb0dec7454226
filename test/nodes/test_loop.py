"""The whole loop as a user starts it: three processes, real DDS, a world that changes."""

from __future__ import annotations

from pathlib import Path
import signal
import subprocess
import sys

from edge_adapt import registry
from edge_adapt.commands import _live
from edge_adapt.commands._starter import Processes
from edge_adapt.evaluation.figures import figures
from edge_adapt.graph import SCENARIOS
from edge_adapt.parameters import NODES
from edge_adapt.pipeline.assembly import inference_from
import pytest

pytestmark = pytest.mark.ros

SCHEDULE = 'clean:80,contrast:320,clean:100'


def test_drift_is_noticed_repaired_and_undone_over_dds(domain: int) -> None:
    specs = [
        spec.with_parameters({'schedule': SCHEDULE}) if spec.executable == 'camera' else spec
        for spec in SCENARIOS['demo']
    ]
    stream = registry.load('streams', 'digits')(schedule=SCHEDULE, order='shuffled', seed=0)
    defaults = {p.name: p.default for p in NODES['inference']}
    frozen = inference_from({**defaults, **specs[1].parameters}.__getitem__)

    result = figures(_live.run(specs, domain, stream, frozen).timeline)

    clean, contrast, back = result.segments
    assert result.n_frames == len(stream)
    assert clean.accuracy is not None
    assert clean.accuracy >= 0.9
    assert contrast.delay is not None
    assert contrast.delay <= 64
    assert contrast.late is not None
    assert contrast.frozen is not None
    assert contrast.late >= contrast.frozen + 0.3
    assert back.delay is not None
    assert back.delay <= 64
    assert result.n_swaps >= 2


def test_interrupted_nodes_end_quietly_with_status_0(domain: int) -> None:
    lines: list[str] = []
    with Processes(SCENARIOS['bringup'], domain, lambda name, text: lines.append(text)) as graph:
        while not {'inference is active', 'adaptation is active', 'camera is active'} <= {
            line.rpartition(': ')[2] for line in lines
        }:
            assert not graph.ended, lines
    assert set(graph.ended.values()) == {0}, lines
    assert not [line for line in lines if 'Traceback' in line]


def test_the_starter_ends_its_nodes_when_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('ROS_DOMAIN_ID', raising=False)  # so that it looks for a free one itself
    command = [sys.executable, '-m', 'edge_adapt.cli', 'run', 'bringup']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        while 'camera is active' not in (line := starter.stdout.readline()):
            assert line, 'the starter ended by itself'
        children = Path(f'/proc/{starter.pid}/task/{starter.pid}/children').read_text().split()
        assert len(children) == len(SCENARIOS['bringup'])
        starter.send_signal(signal.SIGTERM)
        starter.stdout.read()
        assert starter.wait() == 128 + signal.SIGTERM
    assert not [child for child in children if Path(f'/proc/{child}').exists()]
