"""The accelerator as a node, and as what learns: figures over topics, and of its rungs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
import tempfile
import time

from edge_adapt import registry
from edge_adapt.commands import _starter
from edge_adapt.corruptions import corrupt_all
from edge_adapt.engines._accelerator import geometry_of
from edge_adapt.engines.popcount import Popcount
from edge_adapt.graph import NodeSpec, Value
from edge_adapt.networks.model import Model
from edge_adapt.nodes import convert
from edge_adapt.pipeline.accelerated import AcceleratedRecalibration, AcceleratedRowEs
from edge_adapt.pipeline.assembly import learner_of, reference_of
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples, Weights
from edge_adapt.updaters import Updater
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.row_es import RowEs
import numpy as np
import rclpy

from benchmarks._over_ros import nodes, Sender
from hw.cosim.build import build
from hw.tests.networks import network_of, random_weights

N_FRAMES = 300
OPEN_HZ, OPEN_S = 60.0, 10.0
N_WINDOW, N_EVALUATIONS = 64, 50_000
Figure = tuple[str, str, float, str, str, float]  # case, metric, value, unit, peer and its value


def over_topics() -> Iterator[Figure]:
    """Yield frames a second to a node of another process, and frames lost at 60 Hz."""
    flat = network_of((784, 256, 256), 1)
    network = replace(flat, input_shape=(28, 28, 1))
    weights = random_weights(network, seed=1)
    build('accelerator', geometry_of(network, weights).parameters, 'serving')
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'speed.model'
        Model(network, weights, {}).save(path)
        # What is normal is of another network of ten classes: only time is measured.
        normal = reference_of('digits_mlp', Model.load('digits_mlp'))
        replace(normal, version=weights.version).save(path.with_suffix('.reference'))
        settings: dict[str, Value] = {
            'model': str(path),
            'engine': 'rtl_cosim',
            'allow_unsigned': True,
        }
        domain = _starter.check_machine(None)
        rclpy.init(domain_id=domain)
        try:
            with nodes([NodeSpec('inference', settings)], domain) as (sender, _, _):
                yield from _measured(sender)
        finally:
            rclpy.try_shutdown()


def _measured(sender: Sender) -> Iterator[Figure]:
    case = '784-256-256-10 over ROS topics, 28x28, node of another process'
    images = np.random.default_rng(0).integers(0, 256, (N_FRAMES, 28, 28), dtype=np.uint8)
    sender.spin(time.monotonic() + 1.0)
    n_answered, start_s = 0, time.perf_counter()
    for image in images:
        stamp = time.time_ns()
        sender.images.publish(convert.image_from(image, stamp, 'camera'))
        end_s = time.monotonic() + 2.0
        while stamp not in sender.came_ns and time.monotonic() < end_s:
            sender.hear(0.1)
        n_answered += stamp in sender.came_ns
    rate = n_answered / (time.perf_counter() - start_s)
    yield case, 'frames per second, closed loop', rate, '1/s', 'bar', 100.0
    stamps = sender.send(images[0], OPEN_HZ, OPEN_S)
    n_lost = len(stamps) - len(sender.latencies_ms(stamps))
    yield case, f'frames lost of {len(stamps)} at 60 Hz', n_lost, 'wrong', 'bar', 0


def rungs() -> Iterator[Figure]:
    """Yield accuracies of digits after both rungs, on the accelerator and on the CPU."""
    model = Model.load('digits_mlp')
    parameters = geometry_of(model.network, model.weights).learning_parameters
    build('accelerator', parameters, 'serving')
    digits = registry.load('streams', 'digits')
    seen, test = digits.pool('adapt').take(np.arange(N_WINDOW)), digits.pool('test')
    learner = learner_of(model)
    for damage in ('contrast', 'dead'):
        samples = Samples(corrupt_all(seen.images, damage), seen.labels)
        pairs: list[tuple[Updater, Updater]] = [
            (AcceleratedRecalibration(learner), Recalibration('rate')),
            (AcceleratedRowEs(learner, 1, N_EVALUATIONS), RowEs(1, N_EVALUATIONS)),
        ]
        results = []
        for updaters in zip(*pairs, strict=True):
            weights = model.weights
            for updater in updaters:
                weights = _improved(model, updater, weights, samples)
            results.append(weights)
        frozen, mine, other = (
            _accuracy(model, weights, corrupt_all(test.images, damage), test.labels)
            for weights in (model.weights, *results)
        )
        case = f'digits_mlp, {damage}: recalibration by rate, then row_es, simulated'
        different = sum(
            not np.array_equal(results[0][name], results[1][name]) for name in results[0]
        )
        yield case, 'accuracy, accelerator', mine, 'share of frames', 'CPU', other
        yield case, 'accuracy, frozen', frozen, 'share of frames', 'none', 0
        yield case, 'tensors that differ from the CPU', different, 'wrong', 'bar', 0
    learner.close()


def _improved(model: Model, updater: Updater, weights: Weights, samples: Samples) -> Weights:
    *_, better = updater.improve(EngineObjective(Popcount(), model), weights, samples)
    return better


def _accuracy(model: Model, weights: Weights, images: np.ndarray, labels: np.ndarray) -> float:
    infer = Popcount().prepare(model.network, weights)
    return float((infer(images).logits.argmax(axis=1) == labels).mean())
