"""What watching costs beside the inference of a VGG-like network, one frame at a time."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from _drift_bench import Bench, line
from _nets import binary_network, prepared, VGG
from _timing import interleaved
from edge_adapt import registry
from edge_adapt.pipeline.watching import Watching
from edge_adapt.records import Observation
from edge_adapt.signals import Features
import numpy as np

MEMBERS = ('class_conditional', 'information_guard', 'corruption_bank', 'scene_step', 'ensemble')
INFERENCE, WATCHING = 'inference', 'inference and signals'
BOTH = 'A + guard'


def cost(bench: Bench) -> None:
    """Sides take turns; the least time counts. Signals: a pass with less one without."""
    network = binary_network('vgg-like', (32, 32, 3), VGG)
    infer = prepared(network)
    watching = Watching(network, infer)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 32, 32, 3), np.uint8)
    clean = bench.reference.clean
    noise = rng.normal(size=(200, len(clean.centre))).astype(np.float32)
    vectors = clean.centre + 0.5 * clean.scale * noise

    def updates(*names: str) -> Any:
        detectors = [registry.load('drift', name)(bench.reference) for name in names]
        frames = cycle(vectors)

        def update() -> None:
            observation = Observation(0, 0, Features(next(frames)))
            for detector in detectors:
                detector.update(observation)

        return update

    sides = {INFERENCE: lambda: infer(image), WATCHING: lambda: watching(image)}
    members = {name: updates(name) for name in MEMBERS}
    members[BOTH] = updates('class_conditional', 'information_guard')
    spent = {k: best for k, (best, _) in interleaved({**sides, **members}, 1000).items()}
    spent['signals'] = max(spent.pop(WATCHING) - spent[INFERENCE], 0.0)
    for name in (BOTH, 'ensemble'):
        spent[f'signals + {name}'] = spent['signals'] + spent[name]
    for name, microseconds in spent.items():
        share = 100 * microseconds / spent[INFERENCE]
        line(
            'vgg-like 32x32x3', f'{name}, a frame', microseconds, 'us', INFERENCE, spent[INFERENCE]
        )
        line('vgg-like 32x32x3', f'{name}, share of inference', share, '%')
    for name in ('class_conditional', 'corruption_bank'):
        detector = registry.load('drift', name)(bench.reference)
        line(bench.case, f'{name}, state with reference', detector.n_bytes, 'bytes')
