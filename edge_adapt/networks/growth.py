"""A class the network was never trained on: its row in the head, empty until it is learned."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt.errors import UsageError
from edge_adapt.networks.model import Model
import numpy as np


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
    never = -256 * head.n_in  # below every sum of n_in weights of 8 bits
    weights, bias = (model.weights[f'{head.name}.{tensor}'] for tensor in ('weights', 'bias'))
    grown_weights = model.weights.replace(
        {
            f'{head.name}.weights': np.vstack([weights, np.zeros((1, head.n_in), np.int8)]),
            f'{head.name}.bias': np.append(bias, np.int32(never)),
        }
    )
    return Model(grown, grown_weights, model.statistics, model.about)
