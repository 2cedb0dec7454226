"""New rows and new heads: what a network was never trained on, empty until it is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Head, Layer
from edge_adapt.networks.model import expected_tensors, Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Weights
import numpy as np


def never_wins(network: Network) -> int:
    """Return a bias below every logit of a head of 8 bits: that of a class nobody has learned."""
    head = network.head
    largest = 1 if network.kinds[network.sources[head.name][0]] == 'bits' else 128
    return -256 * head.n_in * largest


def with_class(model: Model, name: str) -> Model:
    """
    Return the model with one more class, which cannot win until an updater learns it.

    Every other logit stays what it is. Raises UsageError for a name that is empty or taken.
    """
    network, head = model.network, model.network.head
    if not name or name in network.class_names:
        raise UsageError(f'a new class needs a name of its own, got {name!r}')
    grown = replace(
        network,
        layers=(*network.layers[:-1], replace(head, n_classes=head.n_classes + 1)),
        class_names=(*network.class_names, name),
    )
    weights, bias = (model.weights[f'{head.name}.{tensor}'] for tensor in ('weights', 'bias'))
    grown_weights = model.weights.replace(
        {
            f'{head.name}.weights': np.vstack([weights, np.zeros((1, head.n_in), np.int8)]),
            f'{head.name}.bias': np.append(bias, np.int32(never_wins(network))),
        }
    )
    return Model(grown, grown_weights, model.statistics, model.about)


def with_new_head(
    model: Model,
    body: Sequence[Layer],
    head: Head,
    class_names: Sequence[str],
    tensors: dict[str, Array],
) -> Model:
    """
    Return a model of the layers `body` and an empty head, in which no class can win yet.

    `tensors` holds what the layers of the body need that the model has not. Raises UsageError
    where layers or tensors do not fit.
    """
    network = replace(model.network, layers=(*body, head), class_names=tuple(class_names))
    empty: dict[str, Array] = {
        f'{head.name}.weights': np.zeros((head.n_classes, head.n_in), np.int8),
        f'{head.name}.bias': np.full(head.n_classes, never_wins(network), np.int32),
        f'{head.name}.scale': np.asarray(1.0, np.float32),
    }
    known: dict[str, Array] = {**model.weights, **tensors, **empty}
    needed = expected_tensors(network)
    weights = Weights({name: array for name, array in known.items() if name in needed})
    kept = {layer.name for layer in network.recalibrated}
    statistics = {k: v for k, v in model.statistics.items() if k.rpartition('.')[0] in kept}
    return Model(network, weights, statistics, model.about)
