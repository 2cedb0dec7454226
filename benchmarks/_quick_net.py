"""QuickNetSmall at 224x224: one frame, beside onnxruntime and Larq Compute Engine."""

from __future__ import annotations

from collections.abc import Callable

from _lce import Lce
from _quick_net_graph import INPUT_SHAPE, MEAN, quick_net_small, SCALE
from _timing import empty_caches, interleaved, Lines
from edge_adapt import registry
from edge_adapt.conversion.binary import pack
from edge_adapt.engines.popcount import NativeInfer, Popcount
from edge_adapt.graphs.writer import write
from edge_adapt.networks.model import Model
from edge_adapt.records import F32
import numpy as np

CASE = 'QuickNetSmall 224x224'


def quick_net(lines: Lines, rounds: int, python: str | None = None) -> None:
    """Time one frame, and tell how far values are from onnxruntime's on the same graph."""
    images = np.random.default_rng(1).integers(0, 256, (4, *INPUT_SHAPE)).astype(np.uint8)

    def features(model: Model, layer: str) -> F32:
        prepared = Popcount().prepare(model.network, model.weights)
        return prepared(images, [layer]).taps[layer]

    model = pack('quick_net_small', quick_net_small(), 'NCHW', MEAN, SCALE, features=features)
    infer = Popcount().prepare(model.network, model.weights)
    if not isinstance(infer, NativeInfer):
        raise SystemExit('the native kernels are not built: nothing to measure')
    _agreement(lines, model, images)
    image, peers = images[:1], _peers()
    lce = Lce(python, 'quick_net_small') if python else None
    sides = {'infer': lambda: infer(image), **peers} | ({'LCE': lce} if lce else {})
    for caches, before, n in (('warm', lambda: None, rounds // 10), ('cold', empty_caches, 10)):
        times = interleaved(sides, max(10, n), 1, before)
        times |= {'LCE': lce.take()} if lce else {}
        _say_times(lines, caches, times)
    lines.say(CASE, 'memory of the prepared net', infer.n_bytes / 1e6, 'MB')


def _peers() -> dict[str, Callable[[], object]]:
    """Return onnxruntime on the same graph, and on one of the same shapes without signs."""
    from _peers import calls  # needs the onnx package, which a robot has not

    shape = (1, INPUT_SHAPE[2], *INPUT_SHAPE[:2])
    graphs = {'': quick_net_small(), ' (Conv + ReLU)': quick_net_small(binary=False)}
    return {
        f'{name}{suffix}': call
        for suffix, graph in graphs.items()
        for name, call in calls(write(graph), 'image', shape).items()
    }


def _say_times(lines: Lines, caches: str, times: dict[str, tuple[float, float]]) -> None:
    for index, statistic in enumerate(('minimum', 'median')):
        for peer, value in list(times.items())[1:]:
            what = f'infer, {caches}, {statistic}'
            lines.say(CASE, what, times['infer'][index] / 1e3, 'ms', peer, value[index] / 1e3)


def _agreement(lines: Lines, model: Model, images: np.ndarray) -> None:
    """Tell the largest difference of features, which the head reads, from onnxruntime fp32."""
    (layer,) = model.network.sources['quantize']
    found = {
        name: registry.load('engines', name)()
        .prepare(model.network, model.weights)(images, [layer])
        .taps[layer]
        for name in ('popcount', 'onnx_runtime')
    }
    difference = float(np.abs(found['popcount'] - found['onnx_runtime']).max())
    largest = float(np.abs(found['onnx_runtime']).max())
    lines.say(CASE, 'largest difference of features', difference, '', 'largest feature', largest)
