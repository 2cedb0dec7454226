"""Accuracy beside speed of each shipped model, on each engine and as int8 QDQ in onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
import sys
import tomllib

from _timing import interleaved, Lines
from edge_adapt import registry
from edge_adapt.conversion.from_network import graph_of
from edge_adapt.errors import UsageError
from edge_adapt.graphs.writer import write
from edge_adapt.networks.model import Model, shipped
from edge_adapt.records import Array, I64, U8
import numpy as np

N_CALIBRATION = 128
Classify = Callable[[U8], Array]  # logits (n, n_classes)


def models(lines: Lines, rounds: int) -> None:
    """Accuracy on the test images beside the time of one frame, for each shipped model."""
    for name in shipped():
        model = Model.load(name)
        data = tomllib.loads(model.about['recipe'])['data']
        try:
            pools = [registry.load('streams', data).pool(part) for part in ('test', 'train')]
        except UsageError as error:
            print(f'{name}: {error}', file=sys.stderr)
            continue
        images, clean = (_sized(model, pool.images) for pool in pools)
        clean = clean[:: len(clean) // N_CALIBRATION]
        _compare(lines, model, images, pools[0].labels, clean, rounds)


def _sized(model: Model, images: U8) -> U8:
    factor = model.network.input_shape[0] // images.shape[1]
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def _compare(lines: Lines, model: Model, images: U8, labels: I64, clean: U8, rounds: int) -> None:
    ways: dict[str, Classify] = {}
    for name in ('popcount', 'onnx_runtime'):
        infer = registry.load('engines', name)().prepare(model.network, model.weights)
        ways[name] = lambda x, infer=infer: infer(x).logits
    ways['int8 QDQ'] = _quantized(model, clean)
    one = images[:1]
    sides = {name: lambda way=way: way(one) for name, way in ways.items()}
    times = interleaved(sides, rounds)
    case = f'model {model.network.name}'
    for name, way in ways.items():
        right = way(images).argmax(axis=1) == labels
        lines.say(case, f'{name}, test accuracy', 100 * right.mean(), '%')
    for index, statistic in enumerate(('minimum', 'median')):
        for peer in list(ways)[1:]:
            ours = times['popcount'][index]
            lines.say(case, f'one frame, {statistic}', ours, 'us', peer, times[peer][index])


def _quantized(model: Model, clean: U8) -> Classify:
    """Return the same network with int8 weights and activations, as onnxruntime quantizes it."""
    from _peers import quantized, session  # needs the onnx package, which a robot has not

    head = model.network.head.name
    data = write(graph_of(model.network, model.weights, [head]))
    singles = [clean[i : i + 1] for i in range(len(clean))]
    loaded = session(quantized(data, 'input', singles, keep_sums=True))
    bias = model.weights[f'{head}.bias']
    return lambda x: np.asarray(loaded.run(None, {'input': x})[0]) + bias
