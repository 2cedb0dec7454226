"""New rows and new heads: what a network was never trained on, empty until it is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Head, Layer
from edge_adapt.networks.model import expected_tensors, Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Weights
import numpy as np

ADDED, MAX_ADDED = 'classes.added', 256


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
    network = model.network
    if not name or name in network.class_names:
        raise UsageError(f'a new class needs a name of its own, got {name!r}')
    wide = widened(network, model.weights, (*network.class_names, name))
    arrays = {key: array for key, array in wide.items() if key != ADDED}
    return Model(_grown(network, [name]), Weights(arrays), model.statistics, model.about)


def network_of(network: Network, arrays: Mapping[str, Array]) -> Network:
    """
    Return the network that weights are for: with the classes that were added at run time.

    Their names travel among the weights, as the UTF-8 bytes of `classes.added`, one a line.
    Raises UsageError where these are no names, or too many.
    """
    if ADDED not in arrays:
        return network
    try:
        names = np.asarray(arrays[ADDED], np.uint8).tobytes().decode().split('\n')
    except UnicodeDecodeError as error:
        raise UsageError(f'{ADDED!r} must be UTF-8 text: {error}') from error
    if len(names) > MAX_ADDED or len({*network.class_names, *names}) < len(names) + len(
        network.class_names
    ):
        raise UsageError(
            f'{ADDED!r} must name at most {MAX_ADDED} classes that are new, got {names!r:.99}'
        )
    return _grown(network, names)


def widened(network: Network, weights: Weights, class_names: Sequence[str]) -> Weights:
    """
    Return weights of a network that know all of `class_names`; new ones cannot win yet.

    Every other logit stays what it is. Raises UsageError where the names do not begin with those
    the weights know.
    """
    known = network_of(network, weights)
    n_known, head = len(known.class_names), network.head
    if tuple(class_names[:n_known]) != known.class_names:
        raise UsageError(f'weights for {known.class_names} cannot become ones for {class_names}')
    n_new = len(class_names) - n_known
    if not n_new:
        return weights
    rows, bias = (weights[f'{head.name}.{tensor}'] for tensor in ('weights', 'bias'))
    added = '\n'.join(class_names[len(network.class_names) :]).encode()
    return weights.replace(
        {
            f'{head.name}.weights': np.vstack([rows, np.zeros((n_new, head.n_in), np.int8)]),
            f'{head.name}.bias': np.append(bias, np.full(n_new, never_wins(network), np.int32)),
            ADDED: np.frombuffer(added, np.uint8),
        }
    )


def has_learned(network: Network, weights: Weights, label: int) -> bool:
    """Return whether a class can win under weights of a network."""
    bias = weights[f'{network.head.name}.bias']
    return label < len(bias) and int(bias[label]) > never_wins(network)


def _grown(network: Network, names: Sequence[str]) -> Network:
    head = replace(network.head, n_classes=network.head.n_classes + len(names))
    layers = (*network.layers[:-1], head)
    return replace(network, layers=layers, class_names=(*network.class_names, *names))


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
