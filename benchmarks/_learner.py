"""Learns for ever, at the priority that the adaptation node learns at: nothing but load."""

from __future__ import annotations

import os
import sys

from _damage import damaged
from edge_adapt.engines.popcount import Popcount
from edge_adapt.networks.model import Model
from edge_adapt.nodes.adaptation import NICE
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.updaters.recalibration import Recalibration
from edge_adapt.updaters.row_es import RowEs


def main() -> int:
    """Recalibrate and train the digits head again and again until ended."""
    os.nice(NICE)
    model = Model.load('digits')
    samples = damaged('digits', 'adapt', 'contrast', 0, 397, model.network.input_shape)
    objective = EngineObjective(Popcount(), model)
    print('learning', flush=True)
    while True:
        for updater in (Recalibration(), RowEs()):
            for _ in updater.improve(objective, model.weights, samples):
                pass


if __name__ == '__main__':
    sys.exit(main())
