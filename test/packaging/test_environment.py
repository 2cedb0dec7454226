"""Set-up is done once, is taken up again where it broke, and says what the machine lacks."""

from __future__ import annotations

import importlib.util
from pathlib import Path
import sys
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / 'tools' / 'environment.py'


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delenv('ROS_DISTRO', raising=False)
    spec = importlib.util.spec_from_file_location('environment', SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Recorder:
    """An environment whose steps write their names down, and stop at the one told to break."""

    def __init__(self, environment: ModuleType, venv: Path) -> None:
        self.environment, self.venv = environment, venv

    def complete(self, breaks_at: str = '') -> list[str]:
        target = self.environment.Environment(self.venv, sourced=False)
        real_steps = target.steps()
        ran: list[str] = []

        def act(name: str) -> None:
            ran.append(name)
            self.venv.mkdir(exist_ok=True)
            if name == breaks_at:
                raise KeyboardInterrupt

        target.steps = lambda: [
            step._replace(run=lambda name=step.name: act(name)) for step in real_steps
        ]
        try:
            target.complete()
        except KeyboardInterrupt:
            assert breaks_at
        return ran


ALL = ['venv', 'pins', 'interfaces', 'package']


@pytest.fixture
def recorder(environment: ModuleType, tmp_path: Path) -> Recorder:
    return Recorder(environment, tmp_path / 'venv')


def test_second_set_up_does_nothing(recorder: Recorder) -> None:
    assert recorder.complete() == ALL
    assert recorder.complete() == []


@pytest.mark.parametrize(
    ('breaks_at', 'repeated'),
    [('venv', ALL), ('pins', ALL), ('interfaces', ALL[2:]), ('package', ALL[3:])],
)
def test_interrupted_set_up_is_completed(
    recorder: Recorder, breaks_at: str, repeated: list[str]
) -> None:
    recorder.complete(breaks_at)
    assert recorder.complete() == repeated
    assert recorder.complete() == []


def test_half_installed_packages_are_removed_with_their_environment(recorder: Recorder) -> None:
    recorder.complete(breaks_at='pins')
    leftover = recorder.venv / 'half_a_package'
    leftover.touch()
    recorder.complete()
    assert not leftover.exists()


def test_changed_pins_are_installed_again_but_nothing_is_removed(
    recorder: Recorder, environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.complete()
    # Any other file will do; it stands in for an edited lock.
    monkeypatch.setattr(environment, 'LOCK', environment.ROOT / 'setup.cfg')
    assert recorder.complete() == ALL[1:]


def test_damaged_record_means_a_new_environment(recorder: Recorder) -> None:
    recorder.complete()
    (recorder.venv / 'edge_adapt_setup.json').write_text('{"venv": ')
    assert recorder.complete() == ALL


def test_other_python_is_refused_with_what_to_do(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, 'version_info', (3, 10, 13))
    with pytest.raises(environment.SetUpError, match=r'Python 3\.11 or 3\.12 is needed'):
        environment.refuse_unfit_machine(sourced=False)


def test_missing_compiler_is_named_as_a_system_package(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment.shutil, 'which', lambda _: None)
    with pytest.raises(environment.SetUpError, match=r'g\+\+ missing.*apt install'):
        environment.refuse_unfit_machine(sourced=False)


def test_sourced_ros_of_another_python_is_refused(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    monkeypatch.setenv('AMENT_PREFIX_PATH', '/opt/ros/jazzy')
    monkeypatch.setattr(environment.importlib.util, 'find_spec', lambda _: None)
    with pytest.raises(environment.SetUpError, match='has no rclpy'):
        environment.ros_is_sourced()


def test_wheels_are_left_out_where_ros_is_sourced(environment: ModuleType) -> None:
    with_ros = environment.pins(with_ros=True)
    without = environment.pins(with_ros=False)
    assert {pin for pin in with_ros if pin.startswith('ros-')}
    assert not {pin for pin in without if pin.startswith('ros-')}
    assert set(without) < set(with_ros)
