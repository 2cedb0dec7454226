"""
What the inference node costs over real DDS, beside a bare rclpy node that only echoes.

usage: .venv/bin/python -m benchmarks.ros [--runs N] > benchmarks/results/ros.json

One JSON line a figure: the median of the runs, and the runs. The echo is the transport alone, in
a process of its own, measured in turns with the node; the learner beside which inference is
measured trains flat out at the priority of the adaptation node, which runs as well.
"""

from __future__ import annotations

from argparse import ArgumentParser
from bisect import bisect_right
import json
import os
from pathlib import Path
import statistics
import sys
import time
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from _over_ros import beside, cpu_and_memory, echo, nodes, Sender, SMALL
from _timing import machine
from edge_adapt.commands import _starter
from edge_adapt.graph import NodeSpec
from edge_adapt.networks.model import Model
from edge_adapt.nodes import convert
from edge_adapt.nodes._process import settle, tune
from edge_adapt.parameters import NODES
from edge_adapt.pipeline.assembly import inference_from
from edge_adapt.records import Frame, Weights
from edge_adapt.store.container import WeightUpdate
import numpy as np
import rclpy

N_SWAPS = 1000
MODEL = Model.load('digits')
Figures = dict[str, float]


def p(percent: float, values: list[float]) -> float:
    """Return a percentile; infinite where nothing was answered."""
    return float(np.percentile(values, percent)) if values else float('inf')


def highest_rate(sender: Sender, shape: tuple[int, int, int]) -> float:
    """Return the highest rate tried at which less than 5 % of the frames had no answer."""
    pixels, best = np.zeros(shape, np.uint8), 0.0
    for rate_hz in (50, 100, 150, 200, 300, 400, 600, 800, 1000):
        stamps = sender.send(pixels, rate_hz, 2.0)
        real_hz = (len(stamps) - 1) / ((stamps[-1] - stamps[0]) / 1e9)
        if len(sender.latencies_ms(stamps)) < 0.95 * len(stamps) or real_hz < 0.9 * rate_hz:
            break
        best = real_hz
    return best


def inference_alone_ms() -> list[float]:
    """Return what a frame takes in this process, without any middleware, at 30 Hz."""
    pipeline = inference_from({q.name: q.default for q in NODES['inference']}.__getitem__)
    times = []
    for i in range(300):
        start = time.perf_counter()
        pipeline.on_frame(Frame(SMALL, i + 1))
        times.append(1e3 * (time.perf_counter() - start))
        time.sleep(0.01)
    return times[10:]


def alone(domain: int) -> Figures:
    """Measure the inference node and, in turns with it, the echo."""
    figures: Figures = {}
    with nodes([NodeSpec('inference')], domain) as (sender, pids, start_s), echo() as bare:
        figures['start to first result|s'] = start_s
        idle = cpu_and_memory(pids['inference'], 10.0)
        figures['idle, no frames|% of a core'], figures['memory of inference|MiB'] = idle
        large = np.zeros((480, 640, 3), np.uint8)
        stamps = sender.send(large, 60.0, 5.0)
        answered = 100 * len(sender.latencies_ms(stamps)) / len(stamps)
        figures['640x480 at 60 Hz answered|%'] = answered
        node_ms: list[float] = []
        echo_ms: list[float] = []
        for _ in range(4):
            node_ms += sender.latencies_ms(sender.send(SMALL, 30.0, 4.0))
            echo_ms += bare.latencies_ms(bare.send(SMALL, 30.0, 4.0))
        alone_ms = inference_alone_ms()
        for percent in (50, 99):
            name = f'320x240 at 30 Hz, stamp to answer, p{percent}'
            parts = p(percent, echo_ms) + p(percent, alone_ms)
            figures[f'{name}|ms'] = p(percent, node_ms)
            figures[f'echo of the same images, p{percent}|ms'] = p(percent, echo_ms)
            figures[f'inference without middleware, p{percent}|ms'] = p(percent, alone_ms)
            figures[f'{name} above echo + inference|ms'] = p(percent, node_ms) - parts
        figures['highest rate, 640x480|Hz'] = highest_rate(sender, (480, 640, 3))
        figures['highest rate, 224x224|Hz'] = highest_rate(sender, (224, 224, 3))
        figures['highest rate of the echo, 640x480|Hz'] = highest_rate(bare, (480, 640, 3))
        figures['highest rate of the echo, 224x224|Hz'] = highest_rate(bare, (224, 224, 3))
    return figures


def beside_learning(domain: int) -> Figures:
    """Measure inference in turns with and without somebody who trains flat out."""
    idle: list[float] = []
    busy: list[float] = []
    both = [NodeSpec('inference', {'allow_unsigned': True}), NodeSpec('adaptation')]
    with nodes(both, domain) as (sender, pids, _):
        memory = cpu_and_memory(pids['adaptation'], 1.0)[1]
        for _ in range(4):
            idle += sender.latencies_ms(sender.send(SMALL, 30.0, 4.0))
            with beside('_learner') as learner:
                assert learner.stdout is not None
                learner.stdout.readline()
                busy += sender.latencies_ms(sender.send(SMALL, 30.0, 4.0))
    return {
        'memory of adaptation|MiB': memory,
        '320x240 at 30 Hz, p99, nobody learns|ms': p(99, idle),
        '320x240 at 30 Hz, p99, beside learning flat out|ms': p(99, busy),
        'p99 beside learning over p99 idle|ratio': p(99, busy) / p(99, idle),
    }


def version(i: int) -> Weights:
    """Return weights whose bias and scale both show in the scores: a mixture would be seen."""
    rng, head = np.random.default_rng(i), MODEL.network.head.name
    bias = rng.integers(-9, 9, MODEL.network.head.n_classes).astype(np.int32)
    scale = MODEL.weights[f'{head}.scale'] * np.float32(rng.uniform(0.5, 1.5))
    return MODEL.weights.replace({f'{head}.bias': bias, f'{head}.scale': scale})


def scores(message: Any) -> dict[str, float]:
    """Return the scores of an answer by class."""
    return {hypothesis.class_id: hypothesis.score for hypothesis in message.results}


def swaps(domain: int) -> Figures:
    """Swap versions under load, and compare each answer with what its version gives."""
    versions = [version(i) for i in range(1, N_SWAPS + 1)]
    updates = [
        convert.bytes_message(WeightUpdate.between(MODEL, weights, i + 1, 1).encode())
        for i, weights in enumerate(versions)
    ]
    pipeline = inference_from({q.name: q.default for q in NODES['inference']}.__getitem__)
    expected = {}
    for weights in (MODEL.weights, *versions):
        pipeline.use(weights)
        prediction = pipeline.on_frame(Frame(SMALL, 1)).prediction
        answer = convert.classification_from(prediction, MODEL.network.class_names)
        expected[weights.version] = scores(answer)
    node = NodeSpec('inference', {'allow_unsigned': True, 'max_updates_hz': 1000.0})
    with nodes([node], domain) as (sender, _, _):
        stamps = sender.send(SMALL, 60.0, N_SWAPS / 60.0 + 1.0, updates)
        n_lost = len(stamps) - len(sender.latencies_ms(stamps))
        since = [convert.stamp_ns(info.header.stamp) for info in sender.told]
        n_mixed = 0
        for answer in sender.answers:
            told = sender.told[bisect_right(since, convert.stamp_ns(answer.header.stamp)) - 1]
            n_mixed += scores(answer) != expected[told.database_location]
    return {
        'swaps under 60 Hz|swaps': len(sender.told) - 1,
        'frames lost during the swaps|frames': n_lost,
        'answers that are not those of the version told|answers': n_mixed,
    }


def main() -> int:
    """Measure, and print a line a figure."""
    parser = ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--runs', type=int, default=3)
    n_runs = parser.parse_args().runs
    domain = _starter.check_machine(None)
    os.environ.update(_starter.environment(domain))
    tune()
    rclpy.init()
    settle()
    runs = [{**alone(domain), **beside_learning(domain), **swaps(domain)} for _ in range(n_runs)]
    rclpy.try_shutdown()
    load = round(os.getloadavg()[0], 1)
    for key in runs[0]:
        metric, _, unit = key.partition('|')
        values = [round(run[key], 3) for run in runs]
        line = {
            **{'case': 'ros', 'metric': metric, 'value': statistics.median(values), 'unit': unit},
            **{'peer': None, 'peer_value': None, 'ratio': None, 'runs': values},
            **{'machine': machine(), 'load': load},
        }
        print(json.dumps(line), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
