from typing import Any

from edge_adapt.engines.reference import Reference
from edge_adapt.evaluation.held import held_bytes
from edge_adapt.pipeline.objective import EngineObjective
import numpy as np


class Hoarder:
    """An updater that keeps what it is told to."""

    again = None

    def __init__(self):
        self.kept = {'a': np.zeros(10), 'b': (np.zeros(3, np.int8), 'text', 4)}

    def improve(self, objective, weights, samples):
        image, view = np.zeros(100, np.uint8), np.arange(1000)[:5]
        yield weights
        del image, view


def test_counts_every_array_once_and_a_view_as_what_it_holds(toy, digits):
    hoarder: Any = Hoarder()
    hoarder.again = hoarder.kept['a']
    objective = EngineObjective(Reference(), toy)
    run = hoarder.improve(objective, toy.weights, digits.take(np.arange(5)))
    next(run)
    assert held_bytes(hoarder, run) == 80 + 3 + 100 + 8000
    run.close()
