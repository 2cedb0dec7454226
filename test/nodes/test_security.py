"""What the nodes say and hear is what the policy allows; enforced security fails closed."""

from __future__ import annotations

from collections.abc import Callable
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.ros

from edge_adapt.graph import COMMON, INTERFACES  # noqa: E402
from edge_adapt.nodes.adaptation import Adaptation  # noqa: E402
from edge_adapt.nodes.camera import Camera  # noqa: E402
from edge_adapt.nodes.inference import Inference  # noqa: E402
from rclpy.node import Node  # noqa: E402

NODES = {'camera': Camera, 'inference': Inference, 'adaptation': Adaptation}


def absolute(names: tuple[str, ...], node: str) -> set[str]:
    return {
        name if name.startswith('/') else f'/{node}{name[1:]}' if name[0] == '~' else f'/{name}'
        for name in names
    }


@pytest.mark.parametrize('kind', NODES)
def test_the_graph_names_everything_a_node_says_and_hears(
    kind: str, start: Callable[..., Any]
) -> None:
    own = INTERFACES[kind]
    with start() as graph:
        node, observer = graph.add(NODES[kind]()), graph.add(Node('observer'))
        assert node.start()

        def found(ask: Callable[[str, str], list[Any]]) -> set[str]:
            return {name for name, _ in ask(kind, '/')}

        says = absolute((*COMMON.publishes, *own.publishes), kind)
        serves = absolute((*COMMON.services, *own.services), kind)
        graph.wait(
            lambda: (
                found(observer.get_service_names_and_types_by_node) >= serves
                and found(observer.get_publisher_names_and_types_by_node) >= says
            ),
            'discovery',
        )
        assert found(observer.get_publisher_names_and_types_by_node) == says
        heard = absolute(own.subscribes, kind)
        assert found(observer.get_subscriber_names_and_types_by_node) == heard
        assert found(observer.get_service_names_and_types_by_node) == serves
        assert found(observer.get_client_names_and_types_by_node) == set()


@pytest.mark.parametrize('has_keystore', [False, True])
def test_enforced_security_without_keys_or_a_secure_middleware_fails_closed(
    has_keystore: bool, domain: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('ROS_SECURITY_ENABLE', 'true')
    monkeypatch.setenv('ROS_SECURITY_STRATEGY', 'Enforce')
    monkeypatch.setenv('ROS_SECURITY_KEYSTORE', str(tmp_path))
    if has_keystore:
        (tmp_path / 'enclaves').mkdir()
    command = [sys.executable, '-m', 'edge_adapt.nodes.inference']
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert 'the node cannot start' in done.stderr
    assert 'Traceback' not in done.stderr
