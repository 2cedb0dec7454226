"""The launch files and `edge-adapt run` start the same programs, for both ask the same graph."""

from __future__ import annotations

import ast
from pathlib import Path

from edge_adapt.graph import programs, SCENARIOS, with_image
from edge_adapt.parameters import chosen_for
import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / 'launch').glob('*.launch.py'))


def described(path: Path) -> str:
    """Return the scenario a launch file names, read from its one return statement."""
    tree = ast.parse(path.read_text())
    [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    answer = function.body[-1]
    assert isinstance(answer, ast.Return)
    assert isinstance(answer.value, ast.Call)
    assert isinstance(answer.value.func, ast.Name)
    assert answer.value.func.id == 'description'
    assert isinstance(answer.value.args[0], ast.Constant)
    return str(answer.value.args[0].value)


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_a_launch_file_names_its_scenario_and_nothing_else(path: Path) -> None:
    assert path.name == f'{described(path)}.launch.py'
    assert described(path) in SCENARIOS


def test_every_scenario_but_the_demo_has_a_launch_file() -> None:
    assert {described(path) for path in FILES} == set(SCENARIOS) - {'demo'}


def test_where_launch_is_installed_it_starts_what_the_graph_says() -> None:
    pytest.importorskip('launch_ros.actions', reason='launch comes with a ROS installation')
    from edge_adapt.launching import nodes

    for specs in SCENARIOS.values():
        values = {
            **{'namespace': 'left', 'params_file': '', 'image': '/eye', 'log_level': 'warn'},
            **{'respawn': 'false', 'together': 'false', 'autostart': 'false'},
        }
        chosen = {s.node_name: chosen_for(s.executable, {'autostart': 'false'}) for s in specs}
        expected = programs(with_image(specs, '/eye'), 'left', log_level='warn', chosen=chosen)
        for action, program in zip(nodes(specs, values), expected, strict=True):
            assert action.node_executable == program.executable
            texts = [part[0].text for part in action.cmd[1:] if part]
            assert [t for t in texts if t != '--ros-args'] == [
                t for t in program.arguments if t != '--ros-args'
            ]


def test_what_was_chosen_wins_over_a_file_and_a_file_over_the_scenario() -> None:
    [_, inference, _] = programs(
        SCENARIOS['bringup'],
        params_file='/a.yaml',
        chosen={'inference': {'region': ''}},
    )
    arguments = list(inference.arguments)
    assert (
        arguments.index("region:='80,40,160,160'")
        < arguments.index('/a.yaml')
        < arguments.index("region:=''")
    )


def test_our_camera_stays_away_from_the_topic_of_another_one() -> None:
    listening = with_image(SCENARIOS['bringup'], '/camera/image_raw')
    assert [spec.executable for spec in listening] == ['inference', 'adaptation']
    assert all(spec.remappings['image_raw'] == '/camera/image_raw' for spec in listening)
    assert with_image(SCENARIOS['bringup'], 'image_raw') == SCENARIOS['bringup']


def test_on_a_robot_nothing_is_trusted_that_was_not_said_to_be() -> None:
    assert all('allow_unsigned' not in spec.parameters for spec in SCENARIOS['robot'])
