"""
Fits the bank of detector B: one direction for each corruption, and what is normal along it.

Directions may come from other frames than what is normal: from those the network was trained on,
of which there are many. They decide power alone. How clean scores spread, within a scene and from
scene to scene, and with it every threshold, comes from frames the network has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge_adapt.drift._fit import (
    between_classes,
    centre_and_scale,
    CLEAN_SCALE,
    INDEPENDENT_BETWEEN,
    normal_of,
)
from edge_adapt.drift._normal import Normal
from edge_adapt.drift._record import Record
from edge_adapt.records import Array, F64
import numpy as np

_LIMIT = 8.0  # of each score: what one bad frame can do at most
_CLIP = 50.0  # deviations: a corruption may move a quiet feature by thousands
_RIDGE = 0.05


@dataclass(frozen=True)
class Directions:
    """Where corruptions move the features: `rows` (n_corruptions, n) over `scale` (n,)."""

    sources: tuple[str, ...]
    names: tuple[str, ...]
    scale: F64
    rows: F64

    @staticmethod
    def of(clean: Record, corrupted: Mapping[str, Record]) -> Directions:
        """Return a = (S_clean + S_c + 0.05 I)^-1 (m_c - m_clean) of each corruption."""
        sources = tuple(clean.features)
        features = _gather(clean, sources)
        centre, scale = centre_and_scale(features, CLEAN_SCALE)
        spread = np.cov(((features - centre) / scale).T)
        rows = []
        for damaged in corrupted.values():
            moved = np.clip((_gather(damaged, sources) - centre) / scale, -_CLIP, _CLIP)
            pooled = spread + np.cov(moved.T) + _RIDGE * np.eye(len(centre))
            rows.append(np.linalg.solve(pooled, moved.mean(axis=0)))
        return Directions(sources, tuple(corrupted), scale, np.array(rows))


def fit_bank(record: Record, directions: Directions, n_classes: int) -> Normal:
    """
    Return one score for each direction, of mean 0 and variance 1 on `record`.

    Only a shift towards a corruption counts, not one away from it: a scene of much contrast is no
    less clean than others. A score knows no class, so that the class of a run is part of what
    varies between runs.
    """
    features = _gather(record, directions.sources)
    centre = features.mean(axis=0)
    centred = (features - centre) / directions.scale
    deviations = (centred @ directions.rows.T).std(axis=0)
    scores = directions.rows / np.maximum(deviations, 1e-6)[:, np.newaxis]
    residuals = np.clip(centred @ scores.T, -_LIMIT, _LIMIT)
    between = between_classes(residuals, record, n_classes, INDEPENDENT_BETWEEN)
    normal = normal_of(
        directions.sources,
        dict.fromkeys(directions.names, 1),
        centre=centre,
        scale=directions.scale,
        whitening=scores,
        class_means=np.zeros((n_classes, len(centre))),
        class_scales=np.ones(n_classes),
        within=np.maximum((residuals**2).mean(axis=0) - between, 0.05),
        between=between,
        class_errors=np.zeros(n_classes),
        offset=np.zeros(len(scores)),
    )
    return replace(normal, limit=_LIMIT, norm_limit=_LIMIT / 1.7, is_one_sided=True)


def _gather(record: Record, sources: tuple[str, ...]) -> Array:
    features = [record.features[name] for name in sources]
    return np.concatenate(features, axis=-1).astype(np.float64)
