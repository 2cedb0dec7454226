"""
What corruptions do to a scene that is held: the image before a step foretells the one after it.

A place is the median of the image features over some frames, and how restless these are. With x
the place before a step and y the one after it, both standardized, a corruption of this scene is
weighed against a cut to another clean one:

    L_c = log t(y; F_c (x, 1), S_c) - log max(t(y; 0, S), r t(y; F_c (0, 1), S_c + F_c S F_c'))

The last term is for the clean scene in 1 / r that looks by nature as if c had befallen it. t is
Student's density, for scenes are seldom as rare as a Gaussian would have it. F_c and S_c are
a linear forecast and the covariance of its errors, from pairs of one scene clean and corrupted;
S is that of clean places. Images alone are weighed, so this holds for any weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from edge_adapt.records import Array, F32, F64
import numpy as np

N_BEFORE: Final = 4  # frames of the place before a step
N_AFTER: Final = 6  # ... and after it
_FREEDOM: Final = 5.0  # degrees, of Student's density
_ODD: Final = float(np.log(1e-6))  # r: so few clean scenes look corrupted
_CLIP: Final = 50.0  # deviations: a corruption may move a quiet feature by thousands


@dataclass(frozen=True)
class SceneChanges:
    """
    Forecasts of the n numbers of a place for each of the corruptions `names`.

    centre, scale (n,), of n - 1 image features and the restlessness;
    forecasts (n_corruptions, n, n + 1);
    whitening (1 + n_corruptions, n, n), the inverse of a Cholesky factor of each covariance, that
    of clean places first;
    thresholds (n_corruptions,).
    least (1 + n_corruptions,), of t: a place before a step that is less likely is none of the
    clean world, and an error that is less likely is none of its corruption.
    """

    names: tuple[str, ...]
    centre: F32
    scale: F32
    forecasts: F32
    whitening: F32
    thresholds: F32
    least: F32

    def place(self, frames: Array) -> F64:
        """
        Return medians of image features (m, n - 1), and their restlessness, (n,).

        That is the logarithm of the mean squared step between neighbours; 0.01 is none at all.
        """
        steps = np.diff(frames, axis=0) / self.scale[:-1]
        squares = float((steps * steps).sum()) / max(len(steps), 1)
        return np.array([*np.median(frames, axis=0), np.log(squares + 0.01)])

    def standardized(self, places: Array) -> F64:
        """Return (place - centre) / scale, bounded; (..., n)."""
        centred = (np.asarray(places, np.float64) - self.centre) / self.scale
        return np.clip(centred, -_CLIP, _CLIP)

    @cached_property
    def anywhere(self) -> F64:
        """Return the whitening of what each corruption makes of any clean scene."""
        spread, *errors = (_covariance(whitening) for whitening in self.whitening)
        pushed = (forecast[:, :-1] @ spread @ forecast[:, :-1].T for forecast in self.forecasts)
        return np.array([whitening_of(a + b) for a, b in zip(errors, pushed, strict=True)])

    def odds(self, before: Array, after: Array) -> Array:
        """Return L_c of places (m, n) before and after a step, (m, n_corruptions)."""
        x, y = self.standardized(before), self.standardized(after)
        clean, *errors = self.whitening.astype(np.float64)
        is_known = likelihoods(x, clean) >= self.least[0]
        another = likelihoods(y, clean)
        found = []
        for c, forecast in enumerate(self.forecasts):
            this = likelihoods(y - foretold(forecast, x), errors[c])
            odd = likelihoods(y - forecast[:, -1], self.anywhere[c]) + _ODD
            # of what is strange to both, the narrower would make too much
            is_like = is_known & (this >= self.least[1 + c])
            found.append(np.where(is_like, this - np.maximum(another, odd), -np.inf))
        return np.stack(found, axis=-1)

    def nearest(self, before: Array, after: Array) -> tuple[float, str]:
        """Return the largest L_c over its threshold, and its corruption; frames (m, n)."""
        x, y = (self.place(frames)[np.newaxis] for frames in (before, after))
        ratios = self.odds(x, y)[0] / self.thresholds
        which = int(ratios.argmax())
        return float(ratios[which]), self.names[which]


def foretold(forecast: Array, places: Array) -> F64:
    """Return F (x, 1) of standardized places x (m, n), F (n, n + 1)."""
    return np.asarray(places @ forecast[:, :-1].T + forecast[:, -1], np.float64)


def likelihoods(errors: Array, whitening: Array) -> Array:
    """Return the logarithm of t of errors (m, n), without its constant; (m,)."""
    far = ((errors @ whitening.T) ** 2).sum(axis=-1)
    exponent = (_FREEDOM + errors.shape[-1]) / 2
    spread = float(np.log(np.diagonal(whitening)).sum())
    return np.asarray(spread - exponent * np.log1p(far / _FREEDOM))


def whitening_of(covariance: F64) -> F64:
    """Return the inverse of the Cholesky factor."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))


def _covariance(whitening: Array) -> F64:
    return np.asarray(np.linalg.inv(whitening.astype(np.float64).T @ whitening))
