"""The accelerator's scenario over real DDS: both engines answer every frame alike."""

from __future__ import annotations

from edge_adapt.commands import _starter
from edge_adapt.engines._accelerator import geometry_of
from edge_adapt.graph import SCENARIOS
from edge_adapt.networks.model import Model
import pytest

from hw.cosim.build import build, missing

pytestmark = [
    pytest.mark.ros,
    pytest.mark.rtl,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(missing()), reason='; '.join(missing())),
]

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rclpy.node import Node  # noqa: E402

N_FRAMES = 20


def test_processor_and_accelerator_agree_on_every_frame(start, domain, lines) -> None:
    model = Model.load('digits_mlp')
    build('accelerator', geometry_of(model.network, model.weights).parameters, 'serving')
    told: dict[str, dict[str, str]] = {}

    def take(message: DiagnosticArray) -> None:
        for status in message.status:
            told[status.name] = {pair.key: pair.value for pair in status.values}

    def values(part: str) -> dict[str, str]:
        return next((found for name, found in told.items() if part in name), {})

    with start() as graph, _starter.Processes(SCENARIOS['accelerator'], domain, lines):
        watcher = graph.add(Node('watcher'))
        watcher.create_subscription(DiagnosticArray, '/diagnostics', take, 10)
        graph.wait(
            lambda: int(values('comparison').get('equal', 0)) >= N_FRAMES,
            f'{N_FRAMES} frames answered by both',
        )
    assert values('comparison')['different'] == '0'
    engine = next(found for found in told.values() if 'cycles_per_inference' in found)
    assert int(engine['frames']) > 0, 'the processor answered in its place'
    assert engine['failures'] == '0'
