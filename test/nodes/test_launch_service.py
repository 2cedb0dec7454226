"""The launch files under the genuine launch library, as `ros2 launch` runs what is installed."""

from __future__ import annotations

import os
from pathlib import Path
import signal
import subprocess
import sys
import threading

from edge_adapt.parameters import NODES
import pytest

pytestmark = pytest.mark.ros
pytest.importorskip('launch_ros.actions', reason='launch comes with a ROS installation')

LAUNCH = Path(__file__).parents[2] / 'launch'
NAME, PATIENCE_S = 'edge_adapt', 60.0
EXECUTABLE = f"""#!{sys.executable}
import sys
from edge_adapt.executable import main
sys.exit(main())
"""
# What `ros2 launch FILE name:=value` does.
SERVICE = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

path, *arguments = sys.argv[1:]
include = IncludeLaunchDescription(
    PythonLaunchDescriptionSource(path), launch_arguments=[a.split(':=') for a in arguments]
)
service = LaunchService(argv=[])
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Return a prefix in which the package is installed, as far as launch looks."""
    marker = tmp_path / 'share/ament_index/resource_index/packages' / NAME
    marker.parent.mkdir(parents=True)
    marker.touch()
    (tmp_path / 'share' / NAME).mkdir()
    folder = tmp_path / 'lib' / NAME
    folder.mkdir(parents=True)
    for name in (*NODES, 'together'):
        (folder / name).write_text(EXECUTABLE)
        (folder / name).chmod(0o755)
    return tmp_path


def said_by(scenario: str, prefix: Path, wanted: set[str], *arguments: str) -> tuple[str, int]:
    """Launch until all `wanted` was said, then Ctrl-C; return what was said, and the status."""
    command = [sys.executable, '-c', SERVICE, str(LAUNCH / f'{scenario}.launch.py'), *arguments]
    # Where the launch library is found may be said by this path, too.
    index = f'{prefix}:{os.environ.get("AMENT_PREFIX_PATH", "")}'
    with subprocess.Popen(
        command,
        env={**os.environ, 'AMENT_PREFIX_PATH': index, 'ROS_LOG_DIR': str(prefix)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.start()
        said, waiting = '', set(wanted)
        for line in process.stdout:
            said += line
            waiting = {text for text in waiting if text not in line}
            if wanted and not waiting:
                process.send_signal(signal.SIGINT)
                wanted = set()
        watchdog.cancel()
        return said, process.wait()


@pytest.mark.parametrize('scenario', ['bringup', 'robot'])
def test_a_launch_file_brings_its_nodes_up_and_ctrl_c_ends_them_cleanly(
    scenario: str, prefix: Path, domain: int
) -> None:
    nodes = {
        'bringup': {'camera', 'inference', 'adaptation'},
        'robot': {'inference', 'adaptation'},
    }
    wanted = {f'[left.{name}]: {name} is active' for name in nodes[scenario]}
    said, status = said_by(scenario, prefix, wanted, 'namespace:=left')
    assert status == 0, said
    assert said.count('process has finished cleanly') == len(wanted), said
    assert 'Traceback' not in said


def test_all_nodes_run_in_one_process_where_asked(prefix: Path, domain: int) -> None:
    wanted = {f'{name} is active' for name in ('camera', 'inference', 'adaptation')}
    said, status = said_by('bringup', prefix, wanted, 'together:=true')
    assert status == 0, said
    assert said.count('process started with pid') == 1
    assert said.count('process has finished cleanly') == 1, said


def test_an_argument_that_is_no_choice_is_refused(prefix: Path, domain: int) -> None:
    said, status = said_by('bringup', prefix, set(), 'engine:=abacus')
    assert status == 1
    assert 'abacus' in said
    assert 'popcount' in said


@pytest.mark.parametrize('path', sorted(LAUNCH.glob('*.launch.py')), ids=lambda path: path.stem)
def test_every_launch_file_tells_its_arguments(
    path: Path, prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    monkeypatch.setenv('AMENT_PREFIX_PATH', str(prefix))
    description = get_launch_description_from_python_launch_file(str(path))
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert arguments.keys() >= {
        *('namespace', 'params_file', 'use_sim_time', 'log_level', 'autostart', 'respawn'),
        *('together', 'image', 'model', 'engine'),
    }
    assert all(argument.description for argument in arguments.values())
    assert 'popcount' in arguments['engine'].choices
    assert arguments['respawn'].choices == ['true', 'false']
