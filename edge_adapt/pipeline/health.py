"""
How well a network does, judged without labels.

The information I = H(mean softmax) - mean H(softmax) is high where single answers are sure and
together cover the classes; firing rates of the last binary layer drift away from the clean ones
where the input is out of the world the network knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_adapt.records import Array, F64, U8, Weights
from edge_adapt.signals import entropy, softmax
from edge_adapt.updaters import Objective
import numpy as np


@dataclass(frozen=True, slots=True)
class Health:
    """
    Label-free signals over some frames.

    information and mean_entropy in nats; rate_gap is the mean distance 0..1 of the last layer's
    firing rates from the clean ones; n_classes_seen
    is the effective number of classes predicted, exp(H(their histogram)).
    """

    information: float
    mean_entropy: float
    rate_gap: float
    n_classes_seen: float


def health(objective: Objective, weights: Weights, images: U8) -> Health:
    """Return the health of `weights` on images; costs one evaluation an image."""
    head = objective.network.head.name
    logits, rate_gap = _logits_and_rate_gap(objective, weights, images)
    shares = softmax(logits * float(weights[f'{head}.scale']))
    mean_entropy = float(entropy(shares).mean())
    return Health(
        information=float(entropy(shares.mean(axis=0))) - mean_entropy,
        mean_entropy=mean_entropy,
        rate_gap=rate_gap,
        n_classes_seen=float(np.exp(entropy(_histogram(logits)))),
    )


def _histogram(logits: Array) -> F64:
    """Return the share (n_classes,) of frames for which each class is predicted."""
    counts = np.bincount(logits.argmax(axis=1), minlength=logits.shape[1])
    return np.asarray(counts / len(logits), np.float64)


def _logits_and_rate_gap(
    objective: Objective, weights: Weights, images: U8
) -> tuple[Array, float]:
    """Return logits, and the mean |rate - clean rate| of the last bits; 0 where unknown."""
    names = [layer.name for layer in objective.network.thresholds]
    if not names or f'{names[-1]}.rate' not in objective.statistics:
        return objective.logits(weights, images), 0.0
    logits, sums = objective.look(weights, images, names[-1])
    above = sums >= weights[f'{names[-1]}.thresholds']
    bits = above ^ (weights[f'{names[-1]}.flips'] != 0)
    rates = bits.reshape(-1, bits.shape[-1]).mean(axis=0)
    return logits, float(np.abs(rates - objective.statistics[f'{names[-1]}.rate']).mean())
