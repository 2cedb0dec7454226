"""Every node walks its lifecycle, ends quietly in every state, and says why it does not start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge_adapt.commands._starter import Processes
from edge_adapt.errors import UsageError
from edge_adapt.graph import NodeSpec, programs, SCENARIOS
from edge_adapt.parameters import NODES
from edge_adapt.registry import load
import pytest

pytestmark = pytest.mark.ros

from lifecycle_msgs.msg import Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn  # noqa: E402
from rclpy.node import Node  # noqa: E402

OK = TransitionCallbackReturn.SUCCESS
KINDS = tuple(NODES)


class Manager(Node):
    """Asks a node for transitions, as `ros2 lifecycle set` does."""

    def __init__(self, graph: Any, name: str) -> None:
        super().__init__('manager')
        self._graph = graph
        self._change = self.create_client(ChangeState, f'{name}/change_state')
        self._state = self.create_client(GetState, f'{name}/get_state')

    def set(self, transition: int) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self._answer(self._change, request).success)

    def state(self) -> str:
        return str(self._answer(self._state, GetState.Request()).current_state.label)

    def _answer(self, client: Any, request: Any) -> Any:
        self._graph.wait(client.service_is_ready, 'the service')
        future = client.call_async(request)
        self._graph.wait(future.done, 'the answer')
        return future.result()


def n_entities(node: Any) -> int:
    return len(node._entities())


@pytest.mark.parametrize('kind', KINDS)
def test_walks_its_lifecycle_twice_and_leaves_nothing(
    kind: str, start: Callable[..., Any]
) -> None:
    with start() as graph:
        node = graph.add(load('nodes', kind)())
        before = n_entities(node)
        for _ in range(2):
            assert node.trigger_configure() == OK
            configured = n_entities(node)
            for _ in range(2):
                assert node.trigger_activate() == OK
                assert node.state == 'active'
                assert node.trigger_deactivate() == OK
                assert n_entities(node) == configured
            assert node.trigger_cleanup() == OK
            assert n_entities(node) == before
        assert node.trigger_shutdown() == OK


def test_a_wrong_transition_is_refused_and_the_node_lives_on(start: Callable[..., Any]) -> None:
    with start() as graph:
        node = graph.add(load('nodes', 'camera')())
        manager = graph.add(Manager(graph, 'camera'))
        assert manager.state() == 'unconfigured'
        assert not manager.set(Transition.TRANSITION_ACTIVATE)
        assert not manager.set(99)
        assert manager.set(Transition.TRANSITION_CONFIGURE)
        assert manager.state() == 'inactive'
        assert node.state == 'inactive'


@pytest.mark.parametrize(
    ('kind', 'parameter', 'sentence'),
    [
        ('inference', "model:='/nowhere/a.model'", '/nowhere/a.model cannot be read'),
        ('inference', 'model:=nonsense', "there is no model 'nonsense'; shipped are"),
        ('inference', "region:='1,2'", "region must be 'x,y,width,height'"),
        ('adaptation', 'model:=nonsense', "there is no model 'nonsense'; shipped are"),
        ('camera', 'schedule:=nonsense', "schedule part 'nonsense'"),
        ('camera', "bag:='/nowhere'", '/nowhere'),
    ],
)
def test_what_cannot_be_loaded_fails_in_configure_with_its_reason(
    kind: str,
    parameter: str,
    sentence: str,
    start: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
) -> None:
    with start('-p', parameter) as graph:
        node = graph.add(load('nodes', kind)())
        before = n_entities(node)
        assert not node.start()
        assert node.state == 'unconfigured'
        assert n_entities(node) == before
    assert sentence in capfd.readouterr().err


@pytest.mark.parametrize(
    ('kind', 'parameter', 'sentence'),
    [
        ('inference', 'engine:=nonsense', "engine is 'nonsense'; there are: "),
        ('inference', 'input_timeout_s:=0.0', 'input_timeout_s'),
        ('inference', 'input_timeout_s:=soon', 'input_timeout_s must be a float'),
        ('adaptation', 'seed:=-1', 'seed'),
        ('camera', 'label_share:=2.0', 'label_share'),
    ],
)
def test_a_parameter_that_is_not_legal_ends_the_start_in_a_sentence(
    kind: str, parameter: str, sentence: str, start: Callable[..., Any]
) -> None:
    with start('-p', parameter), pytest.raises(UsageError, match=sentence):
        load('nodes', kind)()


def test_an_error_nobody_expected_is_told_and_the_node_can_be_configured_again(
    start: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with start() as graph:
        node = graph.add(load('nodes', 'camera')())
        with monkeypatch.context() as broken:
            broken.setattr(node, '_made_stream', lambda: 1 / 0)
            assert not node.start()
        assert node.state == 'unconfigured'
        assert 'ZeroDivisionError' in capfd.readouterr().err
        assert node.start()


@pytest.mark.parametrize('together', [False, True])
def test_ctrl_c_ends_every_state_with_status_0(together: bool, domain: int, lines: Any) -> None:
    specs = [
        SCENARIOS['bringup'][0].with_parameters({'autostart': False}),
        *SCENARIOS['bringup'][1:],
    ]
    with Processes(programs(specs, together=together), domain, lines) as graph:
        lines.wait('inference is active', 'adaptation is active')
    assert set(graph.ended.values()) == {0}, lines.with_text('')
    assert not lines.with_text('Traceback')


def test_a_bad_model_ends_the_process_with_status_2_and_one_sentence(
    domain: int, lines: Any
) -> None:
    specs = [NodeSpec('inference', {'model': '/nowhere/a.model'})]
    with Processes(specs, domain, lines) as graph:
        assert graph.wait('inference') == 2
    assert len(lines.with_text('/nowhere/a.model cannot be read')) == 1
    assert not lines.with_text('Traceback')


def test_a_killed_node_started_again_goes_on(domain: int, lines: Any) -> None:
    specs = [NodeSpec('camera', {'loop': True}), NodeSpec('inference')]
    with Processes(specs, domain, lines) as graph:
        lines.wait('inference is active')
        graph.kill('inference')
        assert graph.ended == {'inference': -9}
        graph.again('inference')
        lines.wait('camera is active')
        while len(lines.with_text('inference is active')) < 2:
            assert not graph.ended
            lines.wait('inference is active')
    assert set(graph.ended.values()) == {0}
