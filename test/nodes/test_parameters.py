"""Parameters are described, refused with a reason, live where sensible, and can be dumped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_adapt.parameters import NODES
from edge_adapt.registry import load, names
import pytest
import yaml

pytestmark = pytest.mark.ros

from rclpy.parameter import Parameter  # noqa: E402


def answer(node: Any, name: str, value: Any) -> str:
    """Return why a parameter was refused; '' where it was taken."""
    result = node.set_parameters([Parameter(name, value=value)])[0]
    assert result.successful == (node.parameter(name) == value)
    return '' if result.successful else str(result.reason)


def dump(node: Any) -> dict[str, Any]:
    names = [name for name in node._parameters if not node.describe_parameter(name).read_only]
    return {name: node.get_parameter(name).value for name in names}


@pytest.mark.parametrize('kind', NODES)
def test_every_parameter_is_described_as_declared(kind: str, start: Callable[..., Any]) -> None:
    with start() as graph:
        node = graph.add(load('nodes', kind)())
        for parameter in NODES[kind]:
            told = node.describe_parameter(parameter.name)
            assert told.description == parameter.description
            assert bool(told.integer_range or told.floating_point_range) == (
                parameter.minimum is not None or parameter.maximum is not None
            )


def test_refusals_say_why(start: Callable[..., Any]) -> None:
    with start() as graph:
        node = graph.add(load('nodes', 'inference')())
        assert answer(node, 'region', '80,40,160,160') == ''  # not configured yet
        assert "engine is 'x'; there are: " in answer(node, 'engine', 'x')
        assert node.start()
        assert answer(node, 'region', '') == (
            'region is fixed while the node is active: clean the node up first'
        )
        assert "detector is 'x'; there are: " in answer(node, 'detector', 'x')
        assert answer(node, 'input_timeout_s', -1.0)
        assert answer(node, 'input_timeout_s', 'soon')
        assert answer(node, 'input_timeout_s', float('nan'))
        assert answer(node, 'autostart', False)
        assert answer(node, 'input_timeout_s', 3.0) == ''


@pytest.mark.parametrize('detector', names('drift'))
def test_the_detector_is_live(detector: str, start: Callable[..., Any]) -> None:
    with start() as graph:
        node = graph.add(load('nodes', 'inference')())
        assert node.start()
        assert answer(node, 'detector', detector) == ''


def test_what_the_ladder_uses_is_live(start: Callable[..., Any]) -> None:
    with start() as graph:
        node = graph.add(load('nodes', 'adaptation')())
        assert node.start()
        assert answer(node, 'updater', 'cwr_star') == ''
        assert answer(node, 'min_gain', 0.25) == ''
        assert answer(node, 'freeze', True) == ''
        assert 'cwr_star' in [rung.name for rung in node._pipeline.rungs]
        assert node._pipeline.tools.gate.min_gain == 0.25
        assert node._pipeline.state == 'frozen'


@pytest.mark.parametrize('kind', NODES)
def test_a_dump_loaded_again_gives_the_same_node(
    kind: str, start: Callable[..., Any], tmp_path: Path
) -> None:
    changed = ['-p', 'image_reliable:=true', '-p', 'autostart:=false']
    with start(*changed) as graph:
        node = graph.add(load('nodes', kind)())
        assert node.start()
        wanted = dump(node)
    path = tmp_path / 'dump.yaml'
    path.write_text(yaml.safe_dump({f'/{kind}': {'ros__parameters': wanted}}))
    with start('--params-file', str(path)) as graph:
        node = graph.add(load('nodes', kind)())
        assert node.start()
        assert dump(node) == wanted
