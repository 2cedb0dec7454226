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

    def updates(member: Any) -> Any:
        detector = member(bench.reference)
        frames = cycle(vectors)
        return lambda: detector.update(Observation(0, 0, Features(next(frames))))

    sides = {INFERENCE: lambda: infer(image), WATCHING: lambda: watching(image)}
    detectors = {name: updates(registry.load('drift', name)) for name in MEMBERS}
    spent = {k: best for k, (best, _) in interleaved({**sides, **detectors}, 60, 20).items()}
    spent['signals'] = max(spent.pop(WATCHING) - spent[INFERENCE], 0.0)
    spent['signals + A + guard'] = (
        spent['signals'] + spent['class_conditional'] + spent['information_guard']
    )
    for name, microseconds in spent.items():
        share = 100 * microseconds / spent[INFERENCE]
        line(
            'vgg-like 32x32x3', f'{name}, a frame', microseconds, 'us', INFERENCE, spent[INFERENCE]
        )
        line('vgg-like 32x32x3', f'{name}, share of inference', share, '%')
    detector = registry.load('drift', 'class_conditional')(bench.reference)
    line(bench.case, 'class_conditional, state with reference', detector.n_bytes, 'bytes')
