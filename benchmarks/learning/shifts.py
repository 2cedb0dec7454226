"""Digits whose camera changed: 64 unlabelled frames, then 397 labelled ones."""

from __future__ import annotations

from _damage import damaged, SHIFTS
from edge_adapt.engines.popcount import Popcount
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.updaters.cwr_star import CwrStar
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.restoration_search import RestorationSearch
from edge_adapt.updaters.row_es import RowEs
from edge_adapt.updaters.sgd import Sgd
from edge_adapt.updaters.transform_search import TransformSearch
from learning.table import accuracy, last, Setting, Table
import numpy as np


def digits(setting: Setting) -> None:
    """The shipped network on digits: 64 unlabelled frames, then 397 labelled ones."""
    model, table = Model.load('digits'), Table('digits')
    for seed in setting.seeds:
        for shift in ('clean', *SHIFTS):
            train = damaged('digits', 'adapt', shift, seed, 397, model.network.input_shape)
            test = damaged('digits', 'test', shift, seed, 400, model.network.input_shape)
            objective = EngineObjective(Popcount(), model)
            few = train.take(np.arange(64))
            table.add(shift, 'frozen', accuracy(objective, model.weights, test))
            tuned = model.weights
            for name, updater in {
                'transform search, 64 frames': TransformSearch(radius=2, both_axes=False),
                'restoration search, 64 frames': RestorationSearch(),
                'recalibration, 64 frames': Recalibration(),
            }.items():
                tuned = last(updater, objective, model.weights, few)
                table.add(shift, name, accuracy(objective, tuned, test))
            for name, updater in {
                'then row_es, 397 labels': RowEs(seed, n_evaluations=1024 * 397),
                'then cwr_star, 397 labels': CwrStar(seed),
                'then sgd, 397 labels': Sgd(seed),
            }.items():
                better = last(updater, objective, tuned, train)
                table.add(shift, name, accuracy(objective, better, test))
    name = 'recalibration, 64 frames'
    bars = {('contrast', name): 95.0, ('low_contrast', name): 95.0}
    bars |= {('dead', name): 84.0, ('blur', name): 84.0}
    name = 'then row_es, 397 labels'
    bars |= {('contrast', name): 94.0, ('dead', name): 88.0, ('blur', name): 91.0}
    table.print(bars)
