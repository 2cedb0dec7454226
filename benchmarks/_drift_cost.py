"""
What watching costs beside the inference of a VGG-like network, one frame at a time.

Every side is a whole pass, so that a detector meets the caches as the network leaves them.
"""

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

MEMBERS = {
    'class_conditional': ('class_conditional',),
    'information_guard': ('information_guard',),
    'corruption_bank': ('corruption_bank',),
    'scene_step': ('scene_step',),
    'scene_odds': ('scene_odds',),
    'A + guard': ('class_conditional', 'information_guard'),
    'ensemble': ('ensemble',),
}
INFERENCE, SIGNALS = 'inference', 'signals'


def cost(bench: Bench) -> None:
    """Sides take turns; the least time counts, less that of a pass without what is measured."""
    network = binary_network('vgg-like', (32, 32, 3), VGG)
    infer = prepared(network)
    watching = Watching(network, infer)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 32, 32, 3), np.uint8)
    clean = bench.reference.clean
    noise = rng.normal(size=(200, len(clean.centre))).astype(np.float32)
    vectors = clean.centre + 0.5 * clean.scale * noise

    def watched_by(*names: str) -> Any:
        detectors = [registry.load('drift', name)(bench.reference) for name in names]
        frames = cycle(vectors)

        def call() -> None:
            watching(image)
            observation = Observation(0, 0, Features(next(frames)))
            for detector in detectors:
                detector.update(observation)

        return call

    sides = {INFERENCE: lambda: infer(image), SIGNALS: lambda: watching(image)}
    sides |= {name: watched_by(*members) for name, members in MEMBERS.items()}
    least = {name: best for name, (best, _) in interleaved(sides, 1500).items()}
    spent = {INFERENCE: least[INFERENCE], SIGNALS: least[SIGNALS] - least[INFERENCE]}
    spent |= {name: least[name] - least[SIGNALS] for name in MEMBERS}
    for name in ('A + guard', 'ensemble'):
        spent[f'signals + {name}'] = least[name] - least[INFERENCE]
    for name, microseconds in spent.items():
        share = 100 * microseconds / spent[INFERENCE]
        line(
            'vgg-like 32x32x3', f'{name}, a frame', microseconds, 'us', INFERENCE, spent[INFERENCE]
        )
        line('vgg-like 32x32x3', f'{name}, share of inference', share, '%')
    for name in ('class_conditional', 'corruption_bank'):
        detector = registry.load('drift', name)(bench.reference)
        line(bench.case, f'{name}, state with reference', detector.n_bytes, 'bytes')
