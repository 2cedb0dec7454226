"""Learns for ever: puts, promotes and confirms versions until it is killed. Started by a test."""

import sys

from edge_adapt.networks.model import Model
from edge_adapt.store.container import WeightUpdate
from edge_adapt.store.weight_store import Retention, WeightStore
import numpy as np

folder, path = sys.argv[1:]
model = Model.load(path)
store = WeightStore(folder, model, retention=Retention(max_versions=4))
rng = np.random.default_rng(store.next_sequence)
print('ready', flush=True)  # noqa: T201
while True:
    bias = rng.integers(-99, 99, 3, dtype=np.int32)
    weights = model.weights.replace({'head.bias': bias})
    version = store.put(WeightUpdate.between(model, weights, store.next_sequence, 1))
    store.promote(version)
    store.confirm()
