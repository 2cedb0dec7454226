"""
AR1* in front of a binary backbone: the head by CWR*, shared thresholds held by what they did.

AR1 (Maltoni and Lomonaco, arXiv:1806.08568; AR1* in arXiv:1907.03799) lets a layer that all
classes share go on learning, and holds each of its parameters back by its importance, as Synaptic
Intelligence counts it (Zenke et al., arXiv:1703.04200). Here the shared parameters are the
thresholds that make the bits of the head, in units of the deviation of the sums they cut:

    t      = base + deviation * theta;  a bit moves with theta where |sum - t| <= deviation
    step   theta -= rate g;   path += rate g^2
           theta = (theta + a anchor) / (1 + a),   a = rate strength F: stable for any strength
    end    F += max(path, 0) / ((theta - anchor)^2 + 0.01), at most 1;   anchor = theta

g is the gradient of the cross-entropy through the head that CWR* gave just before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from edge_adapt.errors import UsageError
from edge_adapt.generators import generator_from_array, generator_to_array
from edge_adapt.networks.layers import Threshold
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, F64, Samples, Weights
from edge_adapt.signals import softmax
from edge_adapt.updaters import Objective, State
from edge_adapt.updaters._samples import labelled
from edge_adapt.updaters.cwr_star import CwrStar
import numpy as np

DAMPING = 0.01  # of the squared way a parameter went
_HEAD, _OWN = 'head.', 'own.'


class Shared(NamedTuple):
    """theta, where it was when the experience began, its path and its importance, each (n,)."""

    theta: F64
    anchor: F64
    path: F64
    importance: F64
    epoch: int
    head_weights: Array
    head_bias: Array
    head_scale: Array


class Ar1Star:
    """
    Learn an experience with the head, then let the thresholds before it follow.

    strength: how hard importance holds a threshold. Other options are those of `CwrStar`.
    """

    def __init__(
        self,
        seed: int = 1,
        strength: float = 10.0,
        threshold_rate: float = 0.05,
        n_threshold_epochs: int = 2,
        batch_size: int = 32,
        **options: Any,
    ) -> None:
        if strength < 0 or threshold_rate <= 0:
            raise UsageError(
                'strength must be >= 0 and threshold_rate > 0, got'
                f' {strength} and {threshold_rate}'
            )
        self.head = CwrStar(seed=seed, batch_size=batch_size, **options)
        self.rng = np.random.default_rng(seed)
        self._strength, self._rate = strength, threshold_rate
        self._n_epochs, self._batch_size = n_threshold_epochs, batch_size
        self._shared: Shared | None = None
        self._importance: F64 = np.zeros(0)
        self._resumed = False

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        """Yield the head as it learns, then the thresholds. UsageError where bits are not so."""
        layer = _layer(objective.network)
        known = labelled(objective, samples, n_classes_needed=1)
        shared = self._shared if self._resumed else None
        self._resumed = False
        try:
            if shared is None:
                tuned = weights
                learning = self.head.improve(objective, weights, samples)
                for tuned in learning:
                    yield tuned
                self._shared = shared = self._first(objective, tuned, layer)
            while shared.epoch < self._n_epochs:
                self._shared = shared = self._epoch(objective, weights, known, layer, shared)
                if shared.epoch == self._n_epochs:
                    self._importance = _importance(shared)
                yield _deployed(objective, weights, layer, shared)
        finally:
            self._shared = None

    def planned_bytes(self, network: Network, n_samples: int) -> int:
        """Return what the head's learner keeps: it ends before the thresholds begin."""
        return self.head.planned_bytes(network, n_samples) + 8 * network.head.n_in

    def state(self) -> State:
        own: dict[str, Any] = {} if self._shared is None else self._shared._asdict()
        return {
            'generator': generator_to_array(self.rng),
            'importance': self._importance.copy(),
            **{_OWN + name: np.array(value) for name, value in own.items()},
            **{_HEAD + name: array for name, array in self.head.state().items()},
        }

    def restore(self, state: State) -> None:
        self.rng = generator_from_array(state['generator'])
        self._importance = state['importance'].copy()
        own: dict[str, Any] = _under(_OWN, state)
        self._shared = Shared(**own) if own else None
        self._resumed = self._shared is not None
        self.head.restore(_under(_HEAD, state))

    def _first(self, objective: Objective, tuned: Weights, layer: Threshold) -> Shared:
        base, deviation = _scale(objective, layer)
        theta = (tuned[f'{layer.name}.thresholds'] - base) / deviation
        if len(self._importance) != len(theta):
            self._importance = np.zeros(len(theta))
        head = objective.network.head.name
        tensors = [tuned[f'{head}.{name}'] for name in ('weights', 'bias', 'scale')]
        return Shared(theta, theta, 0 * theta, self._importance, 0, *tensors)

    def _epoch(
        self,
        objective: Objective,
        weights: Weights,
        known: Samples,
        layer: Threshold,
        shared: Shared,
    ) -> Shared:
        """Return the thresholds after all samples were seen once more."""
        theta, path = shared.theta.copy(), shared.path.copy()
        rate = self._rate * np.sqrt(len(theta))  # of n bits each moves a logit by 1 / sqrt(n)
        pull = rate * self._strength * shared.importance
        order = self.rng.permutation(len(known))
        for start in range(0, len(order), self._batch_size):
            batch = known.take(order[start : start + self._batch_size])
            gradient = _gradient(objective, weights, layer, shared._replace(theta=theta), batch)
            change = -rate * gradient
            path -= gradient * change
            theta = (theta + change + pull * shared.anchor) / (1 + pull)
        return shared._replace(theta=theta, path=path, epoch=int(shared.epoch) + 1)


def _gradient(
    objective: Objective, weights: Weights, layer: Threshold, shared: Shared, batch: Samples
) -> F64:
    """Return the gradient (n,) of the mean cross-entropy by theta, straight through the sign."""
    base, deviation = _scale(objective, layer)
    sums = objective.value(weights, batch.images, layer.name).reshape(len(batch), -1)
    gaps = sums - (base + deviation * shared.theta)
    signs = np.where(weights[f'{layer.name}.flips'] != 0, -1.0, 1.0)
    bits = np.where(gaps >= 0, signs, -signs)
    scale = float(shared.head_scale)
    errors = softmax(scale * (bits @ shared.head_weights.T + shared.head_bias))
    errors[np.arange(len(batch)), batch.labels] -= 1
    moves = scale * (errors @ shared.head_weights) * (np.abs(gaps) <= deviation)
    return np.asarray(-signs * moves.mean(axis=0), np.float64)


def _importance(shared: Shared) -> F64:
    way = (shared.theta - shared.anchor) ** 2
    grown = shared.importance + np.maximum(shared.path, 0) / (way + DAMPING)
    return np.asarray(np.minimum(grown, 1.0))


def _deployed(objective: Objective, weights: Weights, layer: Threshold, shared: Shared) -> Weights:
    base, deviation = _scale(objective, layer)
    head = objective.network.head.name
    return weights.replace(
        {
            f'{layer.name}.thresholds': np.rint(base + deviation * shared.theta).astype(np.int32),
            f'{head}.weights': shared.head_weights,
            f'{head}.bias': shared.head_bias,
            f'{head}.scale': shared.head_scale,
        }
    )


def _layer(network: Network) -> Threshold:
    """Return the thresholds that make the head's bits, one for each of them."""
    source = network.sources[network.head.name][0]
    for layer in network.thresholds:
        if layer.name == source and layer.n == network.head.n_in:
            return layer
    raise UsageError('ar1_star needs a head that reads the bits of one threshold layer')


def _scale(objective: Objective, layer: Threshold) -> tuple[F64, F64]:
    """Return the trained thresholds and the clean deviation of what they cut, each (n,)."""
    name = f'{layer.name}.deviation'
    if name not in objective.statistics:
        raise UsageError(f'this model has no clean statistics {name!r}')
    deviation = np.maximum(objective.statistics[name].astype(np.float64), 1e-3)
    return objective.base[f'{layer.name}.thresholds'].astype(np.float64), deviation


def _under(prefix: str, state: State) -> dict[str, Any]:
    return {k[len(prefix) :]: v.copy() for k, v in state.items() if k.startswith(prefix)}
