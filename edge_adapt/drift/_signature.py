"""
A domain's signature: what its images look like, whatever the weights are.

A bank of weights carries the signature of the domain it was learned in as two plain tensors,
`domain.mean` and `domain.deviation`, so that a return to the domain is recognised by a look-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_adapt.drift._normal import Normal
from edge_adapt.errors import UsageError
from edge_adapt.records import Array, F32, F64
from edge_adapt.signals import gather_images
import numpy as np

MEAN, DEVIATION = 'domain.mean', 'domain.deviation'
N_FRAMES = 32  # that a signature is made of


@dataclass(frozen=True)
class Signature:
    """Mean and standard deviation of the image features over some frames; both (32,)."""

    mean: F32
    deviation: F32

    @staticmethod
    def of(features: Array) -> Signature:
        """
        Return the signature of frames with image features (n, 32).

        Raises UsageError where no frame has finite features.
        """
        finite = features[np.isfinite(features).all(axis=-1)]
        if not len(finite):
            raise UsageError('a signature needs frames with finite features, got none')
        return Signature(
            finite.mean(axis=0, dtype=np.float64).astype(np.float32),
            finite.std(axis=0, dtype=np.float64).astype(np.float32),
        )

    @staticmethod
    def of_images(images: Array) -> Signature:
        """Return the signature of network inputs (n, h, w, channels) uint8."""
        return Signature.of(gather_images(images))

    @staticmethod
    def in_weights(weights: Mapping[str, Array]) -> Signature | None:
        """Return the signature that a bank carries; None where it carries none."""
        if MEAN not in weights or DEVIATION not in weights:
            return None
        return Signature(weights[MEAN], weights[DEVIATION])

    def tensors(self) -> dict[str, F32]:
        """Return the signature as the tensors a bank carries."""
        return {MEAN: self.mean, DEVIATION: self.deviation}


def distance(domain: Normal, signature: Signature, features: Array) -> float:
    """
    Return how far frames with image features (n, 32) are from a domain: about 1 or less inside.

    The mean residual over its variance if the frames were one single run, averaged over features.
    """
    residual = domain_residuals(domain, signature, features).mean(axis=0)
    variance = domain.between + domain.within / len(features) + domain.offset
    return float(np.mean(residual**2 / variance))


def domain_residuals(domain: Normal, signature: Signature, features: Array) -> F64:
    """Return bounded residuals (n, 32) about a signature; no feature is finer than when clean."""
    scale = np.maximum(domain.scale, signature.deviation)
    centred = np.asarray(features, np.float64) - signature.mean
    return domain.bounded(centred / scale @ domain.whitening.T)


def nearest(
    domain: Normal,
    limits: Mapping[str, float],
    signatures: Mapping[str, Signature],
    features: Array,
) -> str | None:
    """
    Return the name of the domain that frames with image features (n, 32) come from.

    None where they are farther from every signature than its limit. Of several the likelier one,
    as a wide domain is near everything.
    """
    likelihoods = {}
    for name, signature in signatures.items():
        far = distance(domain, signature, features)
        if far <= limits[name]:
            spread = np.log(np.maximum(domain.scale, signature.deviation)).sum()
            likelihoods[name] = -0.5 * far * len(domain.centre) - float(spread)
    return max(likelihoods, key=likelihoods.__getitem__, default=None)
