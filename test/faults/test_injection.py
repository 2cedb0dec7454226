"""Each fault a node can make in itself: the others notice, count, and go on."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]


def slow(*names: str) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize('kind', ['nan', *slow('drop', 'freeze', 'noise', 'clock_jump', 'stall')])
def test_a_camera_that_fails_for_a_while_is_survived(kind: str, robot: Any, report: Any):
    robot.start('inference')
    robot.start(
        'camera',
        **{
            'fault_injection.kind': kind,
            'fault_injection.after': 20,
            'fault_injection.count': 1 if kind == 'stall' else 5,
            'rate_hz': 30.0,
        },
    )
    assert any('fault_injection is ON' in line for line in robot.lines['camera'])
    robot.wait_for_results(60)
    robot.observer.input.clear()
    robot.wait(lambda: robot.observer.input, 'the counters')
    rejected = int(robot.observer.input['rejected'])
    assert (0 < rejected <= 5) if kind == 'nan' else rejected == 0
    assert robot.observer.n_drifts == 0
    report(f'fault of the camera: {kind}', 1, 1)


@pytest.mark.parametrize('name', ['adaptation', *slow('camera', 'inference')])
def test_a_node_that_crashes_leaves_the_others_running(name: str, robot: Any, report: Any):
    others = {'camera', 'inference', 'adaptation'} - {name}
    crash = {'fault_injection.kind': 'crash', 'fault_injection.after': 30}
    if name == 'adaptation':
        crash['fault_injection.after'] = 0  # its first update
    for node in ('inference', 'adaptation', 'camera'):
        robot.start(node, wait=node != name, **(crash if node == name else {}))
    robot.wait(lambda: not robot.is_alive(name), 'the crash')
    assert all(robot.is_alive(other) for other in others)
    robot.start(name, **{'fault_injection.kind': 'none'})
    robot.wait_for_results(5)
    report(f'crash of the {name} node', 1, 1)


@pytest.mark.parametrize('name', ['camera', *slow('adaptation', 'inference')])
def test_a_node_that_hangs_ends_itself_and_comes_back(name: str, robot: Any, report: Any):
    others = {'camera', 'inference', 'adaptation'} - {name}
    first = {'adaptation': 0}.get(name, 30)  # its first update is made while it loads
    hang = {'fault_injection.kind': 'hang', 'fault_injection.after': first, 'watchdog_s': 3.0}
    for node in ('inference', 'adaptation', 'camera'):
        robot.start(node, wait=node != name, **(hang if node == name else {}))
    robot.wait(lambda: not robot.is_alive(name), 'the end')
    assert robot.status(name) == 1
    assert any('Timeout' in line for line in robot.lines[name])
    assert all(robot.is_alive(other) for other in others)
    robot.start(name, **{'fault_injection.kind': 'none'})
    robot.wait_for_results(5)
    report(f'hang of the {name} node', 1, 1)


def test_weights_corrupted_on_their_way_are_refused(robot: Any, report: Any):
    robot.start('inference')
    corrupt = {'fault_injection.kind': 'corrupt_weights', 'fault_injection.count': 0}
    robot.start('adaptation', **corrupt)
    robot.start('camera', schedule='clean:100,contrast:10000', rate_hz=60.0)
    robot.wait(lambda: int(robot.observer.learning.get('decisions', '0')) > 1, 'decisions')
    robot.wait(lambda: int(robot.observer.input.get('weights_refused', '0')) > 1, 'refusals')
    assert len(robot.observer.versions) == 1
    robot.wait_for_results(5)
    report('corrupted weights', int(robot.observer.input['weights_refused']), 1)
