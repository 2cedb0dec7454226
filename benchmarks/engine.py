"""
The popcount engine against onnxruntime, NumPy and the machine's own limit, on one thread.

usage: python benchmarks/engine.py [--case NAME ...] [--rounds N] [--peer lce [--python PATH]]

Sides take turns within one run. Every line names the CPU, its features and the kernels used; the
kernels are chosen as always (EDGE_ADAPT_KERNEL forces them). Times of nets are from image bytes to
int32 logits, called from Python; onnxruntime is fed float32 images. --peer lce adds Larq Compute
Engine to the vgg-like net and QuickNetSmall; it runs in the training environment (training/lce.py
says what that needs), whose Python --python names.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import ctypes
import os
from pathlib import Path
import subprocess
from tempfile import TemporaryDirectory

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')

from _lce import Lce
from _models import models
from _nets import binary_network, MLP, multiply_adds, one_bit_bytes, prepared, VGG
from _quick_net import quick_net
from _timing import empty_caches, interleaved, keep_freed_memory, Lines, machine
from edge_adapt import native
from edge_adapt.engines import popcount
from edge_adapt.engines.popcount import Popcount
from edge_adapt.networks.layers import Convolution, Dense, Head
from edge_adapt.networks.network import Network
from edge_adapt.population import score_heads
from edge_adapt.records import Weights
import numpy as np


def whole_net(
    lines: Lines, case: str, network: Network, layers: tuple, rounds: int, n_calls: int = 1
) -> None:
    """One frame, warm and cold; warm, each side makes n_calls in a row when it is its turn."""
    from _peers import sessions  # needs the onnx package, which a robot has not

    infer = prepared(network)
    image = np.random.default_rng(1).integers(0, 256, (1, *network.input_shape)).astype(np.uint8)
    logits = np.empty((1, 10), np.int32)
    runner = infer._runner(())
    sides: dict[str, Callable[[], object]] = {
        'native call': lambda: runner.run(image, logits, ()),
        'infer': lambda: infer(image),
        **sessions(network.input_shape, layers),
    }
    ways = (('warm', lambda: None, rounds, n_calls), ('cold', empty_caches, 40, 1))
    for caches, before, n, in_a_row in ways:
        times = interleaved(sides, n, in_a_row, before)
        for index, statistic in enumerate(('minimum', 'median')):
            for side in ('native call', 'infer'):
                for peer in ('onnxruntime int8', 'onnxruntime fp32'):
                    lines.say(
                        case,
                        f'{side}, {caches}, {statistic}',
                        times[side][index],
                        'us',
                        peer,
                        times[peer][index],
                    )
    lines.say(
        case,
        'memory of the prepared net',
        infer.n_bytes,
        'B',
        '1-bit weights',
        one_bit_bytes(network),
    )


def vgg(lines: Lines, rounds: int, python: str | None = None) -> None:
    network = binary_network('vgg', (32, 32, 3), VGG)
    whole_net(lines, 'vgg-like 32x32', network, VGG, rounds)
    if python:
        infer, peer = prepared(network), Lce(python, 'vgg')
        image = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3)).astype(np.uint8)
        times = interleaved({'infer': lambda: infer(image), 'LCE': peer}, rounds)
        lce = peer.take()
        for index, statistic in enumerate(('minimum', 'median')):
            what = f'infer, warm, {statistic}'
            lines.say('vgg-like 32x32', what, times['infer'][index], 'us', 'LCE', lce[index])


def mlp(lines: Lines, rounds: int) -> None:
    # After another side's turn even these weights lie in an outer cache: one call is not warm.
    network = binary_network('mlp', (28, 28, 1), MLP)
    whole_net(lines, '784-256-256-10', network, MLP, rounds, n_calls=20)


def layers(lines: Lines, rounds: int) -> None:
    """Each layer of the vgg-like net, and its binary layers against the register-only loop."""
    network = binary_network('vgg', (32, 32, 3), VGG)
    runner = prepared(network)._runner(())
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3)).astype(np.uint8)
    logits = np.empty((1, 10), np.int32)
    weighed = [layer for layer in network.layers if isinstance(layer, Convolution | Dense | Head)]
    step_ns = np.full(len(weighed), 1 << 62)
    bound = Bound(native.kernel())
    for _ in range(rounds):
        runner.run(image, logits, (), step_ns)
        bound.measure()
    binary_us, binary_macs = 0.0, 0
    for index, layer in enumerate(weighed):
        macs = multiply_adds(network, layer)
        metric = f'{layer.name} {network.shapes[network.sources[layer.name][0]]}'
        lines.say('vgg-like layers', metric, step_ns[index] / 1e3, 'us')
        if 0 < index < len(weighed) - 1:
            binary_us, binary_macs = binary_us + step_ns[index] / 1e3, binary_macs + macs
    speed = binary_macs / binary_us / 1e6
    lines.say('vgg-like layers', 'binary layers', binary_us, 'us')
    if bound.tera_macs:
        name = 'register-only loop'
        lines.say('vgg-like layers', 'binary layers', speed, 'TMAC/s', name, bound.tera_macs, True)


class Bound:
    """The register-only loop of these kernels, compiled here; 0 where there is none."""

    def __init__(self, kernel: str, n_rounds: int = 20000) -> None:
        self.tera_macs, self._n_rounds = 0.0, n_rounds
        self._loop: Callable[[int], int] | None = None
        source = Path(__file__).with_name('bound.cpp')
        if kernel not in ('avx2', 'avx512'):
            return
        self._folder = TemporaryDirectory()
        library = Path(self._folder.name) / 'bound.so'
        subprocess.run(
            ['g++', '-O3', '-shared', '-fPIC', str(source), '-o', str(library)], check=True
        )
        self._loop = getattr(ctypes.CDLL(str(library)), f'bound_{kernel}')

    def measure(self) -> None:
        if self._loop is None:
            return
        loop, n = self._loop, self._n_rounds
        us = interleaved({'loop': lambda: loop(n)}, 1)['loop'][0]
        self.tera_macs = max(self.tera_macs, loop(1) * n / us / 1e6)


def evolution(lines: Lines, rounds: int) -> None:
    """
    32 candidates of a 256 -> 10 head on 256 cached samples: correct count and margin.

    Generations follow each other: the call before the timed one is the same side's. Freed memory
    stays with the process, so that nobody's temporaries are fetched page by page.
    """
    keep_freed_memory()
    rng = np.random.default_rng(0)
    heads = rng.integers(-127, 128, (32, 10, 256)).astype(np.int8)
    biases = rng.integers(-100, 100, (32, 10)).astype(np.int32)
    features = rng.choice(np.array([-1, 1], np.int8), (256, 256))
    labels = rng.integers(0, 10, 256)
    inputs, rows = features.astype(np.float32), np.arange(256)
    converted = np.ascontiguousarray(heads.reshape(320, 256).T, np.float32)

    # Candidates are int8 and new each generation: converting them is part of NumPy's work.
    def correct_in_loop() -> object:
        wide, offsets = heads.astype(np.float32), biases.astype(np.float32)
        return [
            ((inputs @ w.T + b).argmax(1) == labels).sum()
            for w, b in zip(wide, offsets, strict=True)
        ]

    def logits() -> np.ndarray:
        return (inputs @ heads.reshape(320, 256).astype(np.float32).T).reshape(
            256, 32, 10
        ) + biases.astype(np.float32)

    def correct_at_once() -> object:
        return (logits().argmax(2) == labels[:, None]).sum(0)

    def correct_and_margin() -> object:
        scores = logits()
        n_correct = (scores.argmax(2) == labels[:, None]).sum(0)
        truth = scores[rows, :, labels]
        scores[rows, :, labels] = -np.inf
        return n_correct, (truth - scores.max(2)).sum(0)

    times = interleaved(
        {
            'ours': lambda: score_heads(heads, biases, features, labels),
            'NumPy, correct only, a loop': correct_in_loop,
            'NumPy, correct only, one product': correct_at_once,
            'NumPy, correct and margin': correct_and_margin,
            'BLAS product alone, float weights': lambda: inputs @ converted,
        },
        max(20, rounds // 4),
        n_untimed=1,
    )
    for index, statistic in enumerate(('minimum', 'median')):
        for peer, value in times.items():
            if peer != 'ours':
                ours = times['ours'][index]
                lines.say('ES 32 x 256 x (256->10)', statistic, ours, 'us', peer, value[index])


def swap(lines: Lines, rounds: int) -> None:
    """What a new version costs: all thresholds, the head, the whole vgg-like net."""
    network = binary_network('vgg', (32, 32, 3), VGG)
    infer = prepared(network)
    weights = infer.weights
    runner = infer._runner(())
    program, _ = popcount._plan(infer.kernel, network, ())
    limits = infer.limits(program)
    head_step = max(limits)
    thresholds = {step: value for step, value in limits.items() if step != head_step}
    head, tensor = {head_step: limits[head_step]}, program.weights[head_step]
    head_weights = weights[tensor.name].reshape(tensor.shape)
    pack = native.module().pack

    def new_head() -> object:
        packed = pack(infer.kernel, tensor.layout, head_weights)
        return runner.replace({head_step: packed}, head)

    def prepare_anew(copies: list[Weights]) -> object:
        return Popcount().prepare(network, copies.pop())

    renewed = weights.replace({'bits0.thresholds': weights['bits0.thresholds'] + np.int32(1)})
    times = interleaved(
        {
            'thresholds of all layers, native call': lambda: runner.replace({}, thresholds),
            'head, native calls': new_head,
            'thresholds, Engine.prepare': lambda: Popcount().prepare(network, renewed),
        },
        rounds,
        10,
    )
    versions = [
        Weights({name: array.copy() for name, array in weights.items()}) for _ in range(40)
    ]
    times |= interleaved({'whole net, Engine.prepare': lambda: prepare_anew(versions)}, 40)
    for name, (minimum, middle) in times.items():
        lines.say('swap', f'{name}, minimum', minimum, 'us')
        lines.say('swap', f'{name}, median', middle, 'us')


def taps(lines: Lines, rounds: int) -> None:
    """What the signals of drift cost a frame: the bits of the first layer and of the last."""
    network = binary_network('vgg', (32, 32, 3), VGG)
    infer = prepared(network)
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3)).astype(np.uint8)
    names = (network.thresholds[0].name, network.thresholds[-1].name)
    times = interleaved({'no': lambda: infer(image), 'two': lambda: infer(image, names)}, rounds)
    for index, statistic in enumerate(('minimum', 'median')):
        case, metric = 'vgg-like taps', f'bits of the first and the last layer, {statistic}'
        lines.say(case, metric, times['two'][index], 'us', 'without', times['no'][index])
    frames = np.repeat(image, 64, axis=0)
    sums = (network.sources[network.thresholds[3].name][0],)
    us = interleaved({'sums': lambda: infer(frames, sums)}, 10)['sums'][0]
    lines.say('vgg-like taps', 'sums of the fourth layer, 64 frames', us / 1e3, 'ms')


CASES = {'vgg': vgg, 'layers': layers, 'mlp': mlp, 'es': evolution, 'swap': swap}
CASES |= {'taps': taps, 'models': models, 'quick_net': quick_net}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--case', choices=CASES, action='append', help='default: all')
    parser.add_argument('--rounds', type=int, default=1000)
    parser.add_argument('--peer', choices=('lce',), help='another engine beside onnxruntime')
    parser.add_argument('--python', default='.venv-train/bin/python', help='with LCE')
    arguments = parser.parse_args()
    lines = Lines(**machine(), kernel=native.kernel())
    for name in arguments.case or CASES:
        if name in ('vgg', 'quick_net') and arguments.peer:
            CASES[name](lines, arguments.rounds, arguments.python)
        else:
            CASES[name](lines, arguments.rounds)


if __name__ == '__main__':
    main()
