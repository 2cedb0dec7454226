"""Features computed once, as the images of a network that is nothing but a head."""

from __future__ import annotations

from edge_adapt.engines.popcount import Popcount
from edge_adapt.networks.layers import Head, Layer, Quantize, Threshold
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Array, Samples, Weights
import numpy as np

N_AT_ONCE = 500


def features_of(model: Model, samples: Samples) -> Samples:
    """Return what the head reads as images (n, 1, 1, n_in): bits as 0 and 1, levels from 1."""
    objective = EngineObjective(Popcount(), model)
    name = model.network.head.name
    parts = [
        objective.value(model.weights, samples.images[start : start + N_AT_ONCE], name)
        for start in range(0, len(samples), N_AT_ONCE)
    ]
    values = np.concatenate(parts).reshape(len(samples), 1, 1, -1)
    images = values > 0 if _reads_bits(model) else values.astype(np.int16) + 128
    return Samples(images.astype(np.uint8), samples.labels)


def head_of(model: Model) -> Model:
    """Return the head as a network of its own that reads the images of `features_of`."""
    head = model.network.head
    n = head.n_in
    first: Layer = Quantize(name='levels', n=n)
    tensors: dict[str, Array] = {
        'levels.offsets': np.full(n, 128, np.float32),
        'levels.steps': np.ones(n, np.float32),
    }
    if _reads_bits(model):
        first = Threshold(name='bits', n=n)
        tensors = {'bits.thresholds': np.ones(n, np.int32), 'bits.flips': np.zeros(n, np.uint8)}
    layers = (first, Head(name='head', n_in=n, n_classes=head.n_classes))
    network = Network('head', (1, 1, n), layers, model.network.class_names)
    for tensor in ('weights', 'bias', 'scale'):
        tensors[f'head.{tensor}'] = model.weights[f'{head.name}.{tensor}']
    return Model(network, Weights(tensors))


def _reads_bits(model: Model) -> bool:
    network = model.network
    return network.kinds[network.sources[network.head.name][0]] == 'bits'
