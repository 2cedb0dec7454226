"""The graph, the parameters and the nodes speak of the same things."""

from __future__ import annotations

from importlib.util import find_spec

from edge_adapt.graph import NodeSpec, SCENARIOS
from edge_adapt.parameters import known, NODES
import pytest

SPECS = [(name, spec) for name, specs in SCENARIOS.items() for spec in specs]


@pytest.mark.parametrize(('scenario', 'spec'), SPECS)
def test_every_node_of_a_scenario_exists_and_declares_what_it_is_given(
    scenario: str, spec: NodeSpec
) -> None:
    assert find_spec(f'edge_adapt.nodes.{spec.executable}') is not None, scenario
    declared = known(spec.executable)
    for name, value in spec.parameters.items():
        assert type(value) is type(declared[name].default), name


def test_defaults_are_legal() -> None:
    for table in NODES.values():
        for parameter in table:
            assert parameter.refusal(parameter.default) == ''


def test_arguments_quote_what_ros_would_read_as_something_else() -> None:
    spec = NodeSpec('camera', {'schedule': "a'b", 'rate_hz': 30.0, 'publish_truth': True})
    assert spec.ros_arguments('/left/') == [
        *('--ros-args', '-r', '__ns:=/left', '-p', "schedule:='a''b'"),
        *('-p', 'rate_hz:=30.0', '-p', 'publish_truth:=true'),
    ]
