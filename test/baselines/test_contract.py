"""What every baseline keeps: it starts from the trained weights, and the input stays untouched."""

from __future__ import annotations

from typing import Any

from edge_adapt import registry
from edge_adapt.images import network_input
from edge_adapt.networks.model import Model
from edge_adapt.parameters import ADAPTATION, INFERENCE
from edge_adapt.records import Detection, U8
from edge_adapt.streams.digits import Digits
import pytest

MODEL = Model.load('digits')


def get(name: str) -> Any:
    return {parameter.name: parameter.default for parameter in (*INFERENCE, *ADAPTATION)}[name]


@pytest.fixture(params=registry.names('baselines'))
def baseline(request: pytest.FixtureRequest) -> Any:
    return registry.load('baselines', request.param)(get, lambda: 0)


def inputs(schedule: str) -> list[tuple[int, U8, int]]:
    stream = Digits(schedule)
    return [
        (f.stamp_ns, network_input(f.image, MODEL.network.input_shape, stream.region), f.label)
        for f in stream
    ]


def drive(baseline: Any, frames: list[tuple[int, U8, int]]) -> list[Any]:
    found = []
    for stamp_ns, image, label in frames:
        baseline.on_frame(stamp_ns, image)
        baseline.on_label(stamp_ns, label)
        found.append(baseline.step())
    return [decision for decision in found if decision is not None]


def test_it_starts_from_the_trained_weights(baseline: Any) -> None:
    assert baseline.weights.version == MODEL.weights.version
    assert baseline.step() is None


def test_it_learns_and_says_at_what_cost(baseline: Any) -> None:
    frames = inputs('clean:64,contrast:170')
    before = [image.tobytes() for _, image, _ in frames]
    decisions = drive(baseline, frames[:64])
    baseline.on_drift(Detection('test', frames[64][0], 2.0, 1.0))
    decisions += drive(baseline, frames[64:])
    assert baseline.weights.version != MODEL.weights.version
    assert sum(decision.n_evaluations for decision in decisions) > 0
    assert any(decision.n_bytes for decision in decisions if decision.accepted)
    assert [image.tobytes() for _, image, _ in frames] == before


def test_the_same_frames_give_the_same_weights() -> None:
    for name in registry.names('baselines'):
        pair = [registry.load('baselines', name)(get, lambda: 0) for _ in range(2)]
        for one in pair:
            drive(one, inputs('clean:80'))
        assert pair[0].weights.version == pair[1].weights.version


def test_rdumb_forgets_everything_when_its_time_has_come() -> None:
    rdumb = registry.load('baselines', 'rdumb')(get, lambda: 0)
    [stamp_ns, image, _] = inputs('contrast:1')[0]
    for _ in range(999):
        rdumb.on_frame(stamp_ns, image)
        rdumb.step()
    assert rdumb.weights.version != MODEL.weights.version
    rdumb.on_frame(stamp_ns, image)
    assert rdumb.step().rung == 'reset'
    assert rdumb.weights.version == MODEL.weights.version


def test_streaming_lda_takes_over_once_it_has_seen_every_class() -> None:
    lda = registry.load('baselines', 'streaming_lda')(get, lambda: 0)
    frames = [frame for frame in inputs('clean:120') if frame[2] < 5]
    drive(lda, frames)
    assert lda.weights.version == MODEL.weights.version
