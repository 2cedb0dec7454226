"""Hostile weight updates against a running node: none gets in, and it keeps answering."""

from __future__ import annotations

from pathlib import Path
import random
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

from edge_adapt import archive  # noqa: E402
from edge_adapt.networks.model import Model  # noqa: E402
from edge_adapt.nodes import convert  # noqa: E402
from edge_adapt.nodes._qos import LATCHED  # noqa: E402
from edge_adapt.store.container import KIND, MAX_BYTES, WeightUpdate  # noqa: E402
from edge_adapt.store.signing import SigningKey  # noqa: E402

MODEL = Model.load('digits')
KEY, STRANGER = SigningKey.new(), SigningKey.new()


def update(seed: int, sequence: int, **papers: Any) -> WeightUpdate:
    bias = np.random.default_rng(seed).integers(-9, 9, MODEL.network.head.n_classes)
    name = f'{MODEL.network.head.name}.bias'
    weights = MODEL.weights.replace({name: bias.astype(np.int32)})
    return WeightUpdate.between(MODEL, weights, sequence, 1, **papers)


def hand_made(**changes: Any) -> bytes:
    """Return a well signed container that no honest writer would have made."""
    good = update(1, 100)
    about = {k: v for k, v in vars(good).items() if k not in ('arrays', 'signer')}
    arrays = changes.pop('arrays', good.arrays)
    return KEY.sign(archive.encode(KIND, {**about, **changes}, arrays))


def attacks() -> list[bytes]:
    """Return the attacks of the list, each once."""
    good, head = update(1, 100), MODEL.network.head.name
    n_classes, n_in = MODEL.network.head.n_classes, MODEL.network.head.n_in
    signed = good.encode(KEY)
    return [
        good.encode(),
        good.encode(STRANGER),
        signed[:40] + bytes([signed[40] ^ 1]) + signed[41:],
        update(1, 5).encode(KEY),
        update(1, 4).encode(KEY),
        update(1, 100, expires_ns=1).encode(KEY),
        hand_made(base='cd' * 32),
        hand_made(version='../../../../etc/x'),
        hand_made(arrays={'../../etc/passwd': np.zeros(1, np.int8)}),
        hand_made(arrays={f'{head}.bias': np.zeros(n_classes + 1, np.int32)}),
        hand_made(arrays={f'{head}.scale': np.array(np.nan, np.float32)}),
        hand_made(arrays={f'{head}.scale': np.array(np.inf, np.float32)}),
        hand_made(arrays={f'{head}.weights': np.full((n_classes, n_in), 127, np.int8)}),
        bytes(MAX_BYTES + 1),
        b'',
    ]


def mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed[: rng.randint(0, len(changed))] if rng.random() < 0.2 else changed)


def flood(robot: Any, tmp_path: Path, n_messages: int) -> dict[str, float]:
    (tmp_path / 'k.pub').write_bytes(KEY.public.pem)
    robot.start('inference', allow_unsigned=False, trusted_key=str(tmp_path / 'k.pub'))
    robot.start('camera', rate_hz=30.0)
    robot.wait_for_results(60)
    robot.observer.weights.publish(convert.bytes_message(update(7, 5).encode(KEY)))
    wanted = update(7, 5).version
    robot.wait(lambda: wanted in robot.observer.versions, 'the one good update')
    robot.observer.ages_ms.clear()
    robot.wait_for_results(150)
    idle_p99 = float(np.percentile(robot.observer.ages_ms, 99))
    cold = robot.resident_kib('inference')
    rng, good = random.Random(1), update(1, 100).encode(KEY)
    listed = attacks()
    for data in listed:
        robot.observer.weights.publish(convert.bytes_message(data))
        robot.spin(0.05)
    robot.wait_for_results(30)
    warm = robot.resident_kib('inference')
    robot.observer.ages_ms.clear()
    for i in range(n_messages):
        data = listed[i % 200] if i % 200 < len(listed) else mutated(good, rng)
        if data != good:
            robot.observer.weights.publish(convert.bytes_message(data))
        robot.spin()
    robot.wait_for_results(60)
    assert robot.observer.versions[-1] == wanted
    assert len(robot.observer.versions) == 2
    # The first message of the largest size makes room for itself, in the middleware too.
    grown = robot.resident_kib('inference') - warm
    assert grown <= 2 * MAX_BYTES // 1024
    return {
        'p99_ms_idle': idle_p99,
        'p99_ms_flooded': float(np.percentile(robot.observer.ages_ms, 99)),
        'first_KiB': warm - cold,
        'grown_KiB': grown,
        'refused': int(robot.observer.input['weights_refused']),
    }


def tell(report: Any, figures: dict[str, float]) -> None:
    """Report what reached the node: a burst loses the rest on the way."""
    n_refused = int(figures.pop('refused'))
    report('hostile weight messages', n_refused, n_refused, **figures)


def test_a_flood_of_hostile_updates_changes_nothing(robot: Any, tmp_path: Path, report: Any):
    tell(report, flood(robot, tmp_path, 1_000))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_flood_of_100_000_hostile_updates_changes_nothing(
    robot: Any, tmp_path: Path, report: Any
):
    tell(report, flood(robot, tmp_path, 100_000))


def test_of_two_publishers_that_fight_the_higher_sequence_runs(robot: Any, report: Any):
    robot.start('inference')
    robot.start('camera', rate_hz=30.0)
    robot.wait_for_results(5)
    other = robot.observer.create_publisher(type(convert.bytes_message(b'')), 'weights', LATCHED)
    robot.wait(lambda: other.get_subscription_count(), 'discovery')
    one, two = update(1, 50), update(2, 51)
    for _ in range(50):
        robot.observer.weights.publish(convert.bytes_message(one.encode()))
        other.publish(convert.bytes_message(two.encode()))
        robot.spin(0.01)
    robot.wait(lambda: robot.observer.versions[-1] == two.version, 'the winner')
    robot.wait_for_results(30)
    assert robot.observer.versions[-1] == two.version
    assert robot.observer.versions.count(one.version) <= 1
    assert robot.observer.versions.count(two.version) == 1
    report('two publishers fighting', 100, 100)
