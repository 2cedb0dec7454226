"""What nodes say in /diagnostics has a place in the aggregator's configuration, and only one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.ros

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from edge_adapt.nodes._qos import RELIABLE  # noqa: E402
from edge_adapt.nodes.adaptation import Adaptation  # noqa: E402
from edge_adapt.nodes.comparison import Comparison  # noqa: E402
from edge_adapt.nodes.inference import Inference  # noqa: E402
from rclpy.node import Node  # noqa: E402

CONFIG = Path(__file__).parents[2] / 'config' / 'diagnostics.yaml'
# What an engine says that reports on itself, as the simulated accelerator does.
OF_ENGINES = '/accelerator: engine'


def groups() -> dict[str, list[str]]:
    """Return what a status must contain to be shown in a group (GenericAnalyzer), by group."""
    table = yaml.safe_load(CONFIG.read_text())['analyzers']['ros__parameters']
    return {name: own['contains'] for name, own in table.items() if name != 'path'}


def test_every_status_is_shown_in_one_group_and_no_group_is_empty(
    start: Callable[..., Any],
) -> None:
    heard: set[str] = {OF_ENGINES}
    kinds = (Inference, Adaptation, Comparison)
    with start() as graph:
        for kind in kinds:
            assert graph.add(kind()).start()
        listener = graph.add(Node('listener'))

        def take(message: DiagnosticArray) -> None:
            heard.update(status.name for status in message.status)

        listener.create_subscription(DiagnosticArray, '/diagnostics', take, RELIABLE)
        for kind in kinds:
            graph.wait(
                lambda kind=kind: any(name.startswith(f'/{kind.kind}:') for name in heard),
                f'diagnostics of {kind.kind}',
            )
    shown = {
        name: [group for group, texts in groups().items() if any(text in name for text in texts)]
        for name in heard
    }
    assert all(len(places) == 1 for places in shown.values()), shown
    assert {place for places in shown.values() for place in places} == set(groups())
