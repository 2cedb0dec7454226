"""Names can be remapped and doubled, time can be set, and a large image arrives whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import subprocess
import sys
from typing import Any

from edge_adapt.commands._starter import Processes
from edge_adapt.graph import NodeSpec, programs
from edge_adapt.nodes import convert
from edge_adapt.nodes._qos import image_qos, LATCHED, RELIABLE
import numpy as np
import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes.adaptation import Adaptation  # noqa: E402
from edge_adapt.nodes.inference import Inference  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from vision_msgs.msg import Classification  # noqa: E402

N_SENT = 120


def test_two_robots_in_two_namespaces_do_not_hear_each_other(
    start: Callable[..., Any], domain: int, lines: Any
) -> None:
    sides = ('left', 'right')
    graphs = [
        program
        for side in sides
        for program in programs(
            (NodeSpec('camera', {'frame_id': side, 'loop': True}), NodeSpec('inference')),
            side,
            together=True,
        )
    ]
    # Both processes are called `together`: each needs a starter of its own.
    left, right = (Processes([program], domain, lines) for program in graphs)
    with start() as graph, left, right:
        listener = graph.add(Node('listener'))
        seen: dict[str, list[str]] = {side: [] for side in sides}
        for side in sides:

            def take(message: Classification, side: str = side) -> None:
                seen[side].append(message.header.frame_id)

            listener.create_subscription(Classification, f'/{side}/classification', take, RELIABLE)
        graph.wait(lambda: all(len(ids) >= 10 for ids in seen.values()), 'results of both')
    assert {side: set(ids) for side, ids in seen.items()} == {s: {s} for s in sides}


def test_topics_can_be_remapped_and_camera_info_follows(start: Callable[..., Any]) -> None:
    remaps = ('-r', 'inference:image_raw:=/eye/picture', '-r', 'inference:classification:=what')
    with start(*remaps) as graph:
        node, peer = graph.add(Inference()), graph.add(Node('peer'))
        assert node.start()
        results: list[Classification] = []
        peer.create_subscription(Classification, 'what', results.append, RELIABLE)
        images = peer.create_publisher(Image, '/eye/picture', image_qos(reliable=False))
        graph.wait(
            lambda: images.get_subscription_count() and peer.count_publishers('/what'), 'discovery'
        )
        assert peer.count_subscribers('/eye/camera_info') == 1
        images.publish(convert.image_from(np.zeros((64, 64), np.uint8), 1, 'eye'))
        graph.wait(lambda: results, 'a result')


def test_time_that_is_set_clears_windows_once_and_nothing_is_learned(
    start: Callable[..., Any],
) -> None:
    with start('-p', 'use_sim_time:=true') as graph:
        nodes = [graph.add(Inference()), graph.add(Adaptation())]
        assert all(node.start() for node in nodes)
        peer = graph.add(Node('peer'))
        clock = peer.create_publisher(Clock, '/clock', RELIABLE)
        graph.wait(lambda: clock.get_subscription_count() >= len(nodes), 'discovery')

        def set_clock(seconds: int) -> None:
            clock.publish(convert.clock(seconds * 1_000_000_000))
            wanted = seconds * 1_000_000_000
            graph.wait(
                lambda: all(n.get_clock().now().nanoseconds == wanted for n in nodes), 'the time'
            )

        def n_jumps() -> list[int]:
            return [node._jumps.n_jumps for node in nodes]

        set_clock(1000)
        graph.wait(lambda: min(n_jumps()) >= 1, 'the first time')
        before = n_jumps()
        for seconds in (1001, 1002, 1005):  # a clock that ticks, now and then late
            set_clock(seconds)
        for expected, seconds in enumerate((900, 5000), start=1):  # a bag begins again; a leap
            set_clock(seconds)
            graph.wait(lambda n=expected: n_jumps() == [count + n for count in before], 'the jump')
        assert nodes[1]._pipeline.state == 'watching'
        assert nodes[1]._n_decisions == 0


@pytest.mark.parametrize('storage', ['volatile', 'transient_local'])
def test_the_qos_can_be_overridden_as_ros_has_it(storage: str, start: Callable[..., Any]) -> None:
    name = 'qos_overrides./image_raw.subscription'
    with start('-p', f'{name}.depth:=64', '-p', f'{name}.durability:={storage}') as graph:
        node, peer = graph.add(Inference()), graph.add(Node('peer'))
        assert node.start()
        qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        peer.create_publisher(Image, 'image_raw', qos if storage != 'volatile' else LATCHED)
        told = node.get_subscriptions_info_by_topic('/image_raw')[0].qos_profile
        assert told.durability.name.lower() == storage


def test_an_override_that_makes_no_sense_is_refused_with_its_name(
    start: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    override = 'qos_overrides./image_raw.subscription.reliability:=sometimes'
    with start('-p', override) as graph:
        assert not graph.add(Inference()).start()
    assert 'qos_overrides of /image_raw' in capfd.readouterr().err


def test_no_large_image_is_lost_between_two_processes(start: Callable[..., Any]) -> None:
    # A deep queue, so that only the transport could lose a frame, however busy this machine is.
    with start('-p', 'qos_overrides./image_raw.subscription.depth:=200') as graph:
        node = graph.add(Inference())
        assert node.start()
        sender = Path(__file__).parent / '_sender.py'
        with subprocess.Popen([sys.executable, str(sender), str(N_SENT), '60']) as process:
            graph.wait(lambda: node.counts.received == N_SENT, 'every frame')
            assert process.wait() == 0
        graph.wait(lambda: not node.counts.in_hand, 'the last result')
        assert node.counts.add_up
