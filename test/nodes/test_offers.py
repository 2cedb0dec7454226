"""Offered weights and a restarted learner, over DDS: judged before they run, and heard again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ros

from edge_adapt.networks.model import Model  # noqa: E402
from edge_adapt.nodes import convert  # noqa: E402
from edge_adapt.nodes._qos import LATCHED, RELIABLE  # noqa: E402
from edge_adapt.nodes.adaptation import Adaptation  # noqa: E402
from edge_adapt.nodes.inference import Inference  # noqa: E402
from edge_adapt.store.container import WeightUpdate  # noqa: E402
from edge_adapt.store.signing import SigningKey  # noqa: E402
import numpy as np  # noqa: E402
from rclpy.node import Node  # noqa: E402
from std_msgs.msg import UInt8MultiArray  # noqa: E402

MODEL = Model.load('digits')


def encoded(sequence: int, key: SigningKey | None = None) -> UInt8MultiArray:
    bias = MODEL.weights['head.bias'] + np.int32(1)
    weights = MODEL.weights.replace({'head.bias': bias})
    return convert.bytes_message(WeightUpdate.between(MODEL, weights, sequence, 1).encode(key))


def test_an_offer_goes_to_the_judge_and_not_to_what_runs(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    key = SigningKey.new()
    (tmp_path / 'fleet.pub').write_bytes(key.public.pem)
    with start('-p', f'offers_key:={tmp_path}/fleet.pub') as graph:
        learner, runner = graph.add(Adaptation()), graph.add(Inference())
        assert learner.start()
        assert runner.start()
        outside = graph.add(Node('fleet')).create_publisher(
            UInt8MultiArray, 'offered_weights', RELIABLE
        )
        graph.wait(outside.get_subscription_count, 'discovery')
        outside.publish(encoded(5))
        graph.wait(lambda: learner._offers.refusals['signature'], 'the refusal')
        outside.publish(encoded(5, key))
        graph.wait(lambda: learner._pipeline.state == 'collecting', 'the offer')
        outside.publish(encoded(5, key))
        graph.wait(lambda: learner._offers.refusals['sequence'], 'the refusal of the old')
        assert runner.version == MODEL.weights.version
        assert learner._pipeline.weights == MODEL.weights


def test_who_offers_must_not_have_the_key_that_runs_weights(
    start: Callable[..., Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    key = SigningKey.new()
    key.save(tmp_path / 'robot.key')
    (tmp_path / 'robot.pub').write_bytes(key.public.pem)
    keys = (f'signing_key:={tmp_path}/robot.key', f'offers_key:={tmp_path}/robot.pub')
    with start('-p', keys[0], '-p', keys[1]) as graph:
        learner = graph.add(Adaptation())
        assert not learner.start()
        assert learner.state == 'unconfigured'
    assert 'offers_key is the public half of signing_key' in capfd.readouterr().err


def test_what_the_fleet_signed_is_refused_where_the_learner_is_trusted(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    fleet, robot = SigningKey.new(), SigningKey.new()
    robot.save(tmp_path / 'robot.key')
    for name, key in (('fleet', fleet), ('robot', robot)):
        (tmp_path / f'{name}.pub').write_bytes(key.public.pem)
    parameters = (
        f'signing_key:={tmp_path}/robot.key',
        f'trusted_key:={tmp_path}/robot.pub',
        f'offers_key:={tmp_path}/fleet.pub',
    )
    with start(*(word for text in parameters for word in ('-p', text))) as graph:
        learner, runner = graph.add(Adaptation()), graph.add(Inference())
        assert runner.start()
        outside = graph.add(Node('fleet')).create_publisher(UInt8MultiArray, 'weights', LATCHED)
        graph.wait(outside.get_subscription_count, 'discovery')
        outside.publish(encoded(1 << 62, fleet))
        graph.wait(lambda: runner.refusals.get('signature'), 'the refusal')
        assert learner.start()
        graph.wait(lambda: runner._weights.n_accepted, "the learner's own weights")
        assert runner.version == MODEL.weights.version


def test_a_learner_started_anew_with_another_store_is_heard(start: Callable[..., Any]) -> None:
    with start('-p', 'allow_unsigned:=true') as graph:
        runner = graph.add(Inference())
        assert runner.start()
        for n_heard in (1, 2):
            learner = graph.add(Adaptation())  # its store is a temporary one
            assert learner.start()
            graph.wait(lambda n=n_heard: runner._weights.n_accepted == n, 'its weights')
            graph.nodes.remove(learner)
            graph._executor.remove_node(learner)
            learner.close()
            learner.destroy_node()
        assert not runner.refusals
