"""What every updater keeps, planned and measured."""

from __future__ import annotations

import tracemalloc

from _damage import damaged
from edge_adapt import registry
from edge_adapt.engines.popcount import Popcount
from edge_adapt.evaluation.held import held_bytes
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Samples
from edge_adapt.updaters import Updater
from learning.table import line, Setting

HEADS = ('ar1_star', 'class_means', 'cwr_star', 'pca_lda', 'row_es', 'sgd', 'streaming_lda')


def memory(setting: Setting) -> None:
    """What every updater keeps between runs and in the middle of one, beyond the network."""
    model = Model.load('digits')
    train = damaged('digits', 'adapt', 'shift', 0, 397, model.network.input_shape)
    for name in registry.names('updaters'):
        updater = registry.load('updaters', name)()
        objective = EngineObjective(Popcount(), model)
        run = updater.improve(objective, model.weights, train)
        next(run)
        held = held_bytes(updater, run) / 1024
        planned = updater.planned_bytes(model.network, len(train)) / 1024
        bar = 64.0 if name in HEADS else 256.0
        line('memory', f'{name}: held', [held], 'kB', 'bar', bar, low_is_good=True)
        line('memory', f'{name}: held', [held], 'kB', 'planned', planned, low_is_good=True)
        run.close()
        peak = _peak(registry.load('updaters', name)(), objective, train) / 1024
        line('memory', f'{name}: peak, with what the engine returned', [peak], 'kB')


def _peak(updater: Updater, objective: EngineObjective, samples: Samples) -> int:
    """Return the most that was allocated at a time in the first two turns of a run."""
    tracemalloc.start()
    run = updater.improve(objective, objective.base, samples)
    next(run)
    next(run, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
