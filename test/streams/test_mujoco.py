"""The street rendered by MuJoCo: real frames, real drift, the same bytes every time."""

from __future__ import annotations

from importlib.util import find_spec
import json

from edge_adapt.cli import main
from edge_adapt.parameters import NODES
from edge_adapt.pipeline.assembly import inference_from
import numpy as np
import pytest

if find_spec('mujoco') is None:
    pytest.skip("mujoco is not installed: pip install '.[sim]'", allow_module_level=True)

from edge_adapt.errors import UsageError
from edge_adapt.streams.mujoco import Mujoco


@pytest.fixture(scope='module')
def stream() -> Mujoco:
    return Mujoco('day:30,dusk:30,flicker:10', seed=1)


def test_a_frame_does_not_depend_on_what_was_read_before(stream: Mujoco) -> None:
    again = Mujoco('day:30,dusk:30,flicker:10', seed=1)
    for index in (65, 3, 40):
        np.testing.assert_array_equal(stream[index].image, again[index].image)
        assert stream[index].label == again[index].label
    assert stream[0].image.shape == (240, 320, 3)


def test_the_network_reads_the_signs_by_day_and_not_at_dusk(stream: Mujoco) -> None:
    defaults = {p.name: p.default for p in NODES['inference']}
    pipeline = inference_from({**defaults, 'region': '80,40,160,160'}.__getitem__)
    right = [pipeline.on_frame(frame).prediction.label == frame.label for frame in stream]
    assert np.mean(right[:30]) >= 0.9
    assert np.mean(right[30:60]) <= 0.7


def test_a_light_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="'night'"):
        Mujoco('night:10')


def test_the_loop_adapts_to_dusk_and_goes_back_by_day(capsys: pytest.CaptureFixture[str]) -> None:
    schedule = ['--schedule', 'day:200,dusk:300,day:100', '--reference', 'digits_street']
    assert main(['evaluate', '--stream', 'mujoco', *schedule, '--json']) == 0
    found = json.loads(capsys.readouterr().out)['figures']
    day, dusk, back = found['segments']
    assert found['false_alarms'] == 0
    assert dusk['delay'] <= 64
    assert dusk['late'] >= dusk['late_frozen'] + 0.3
    assert back['accuracy'] >= day['accuracy'] - 0.03
