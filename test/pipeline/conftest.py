"""A learning path on the digits network, and frames for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_adapt import registry
from edge_adapt.corruptions import corrupt
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.assembly import reference_of
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.gate import Gate
from edge_adapt.pipeline.ladder import Rung
from edge_adapt.records import Samples
from edge_adapt.store.weight_store import WeightStore
from edge_adapt.updaters.recalibration import Recalibration
import numpy as np
import pytest


@pytest.fixture(scope='session')
def pool() -> Samples:
    """Digits that the network was not trained on, in mixed order."""
    model = Model.load('digits')
    samples = registry.load('streams', 'digits').pool('adapt').samples(model.network.input_shape)
    return samples.take(np.random.default_rng(0).permutation(len(samples)))


@pytest.fixture
def adaptation() -> Callable[..., Adaptation]:
    """Return what makes a learning path that recalibrates, or climbs the rungs given."""
    look_up = Rung('bank', n_frames=16)
    recalibration = Rung('recalibration', (('recalibration', Recalibration()),))

    def make(folder: Path, *rungs: Rung) -> Adaptation:
        model = Model.load('digits')
        return Adaptation(
            WeightStore(folder, model),
            registry.load('engines', 'popcount')(),
            reference_of('digits', model),
            rungs or (look_up, recalibration),
            Gate(),
            clock_ns=lambda: 0,
        )

    return make


@pytest.fixture
def show() -> Callable[..., list[Decision]]:
    """Return what lets frames come in, numbered by their stamps, and gives the decisions."""

    def run(path: Adaptation, samples: Samples, domain: str = 'clean') -> list[Decision]:
        decisions = []
        for i, image in enumerate(samples.images):
            path.on_frame(i, image if domain == 'clean' else corrupt(image, domain))
            decision = path.step()
            if decision is not None:
                decisions.append(decision)
        return decisions

    return run
