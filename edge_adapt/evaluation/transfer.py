"""
Forgetting and transfer between segments, with the definitions of Avalanche and GEM.

R[i, j] is the accuracy, on held-out frames of domain j, of the weights in use when segment i
ended; row 0 is before the first segment (Lopez-Paz and Ranzato, arXiv:1706.08840). With the
segment in which domain j was seen first, f(j), and the last segment T:

    forgetting         mean over the domains seen before the last segment of R[f(j), j] - R[T, j]
    backward transfer  its negative
    forward transfer   mean over the later domains of R[f(j) - 1, j] - R[0, j]

It is the weights in use that are judged: that a bank would bring back others is not counted.
Avalanche compares forward transfer with a network of random weights; a robot starts with the
trained ones, so these are row 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge_adapt.pipeline.inference import Inference
from edge_adapt.records import F64, U8, UNKNOWN, Weights
from edge_adapt.streams import RECORDED, Segment
import numpy as np

N_PROBES = 128  # labelled frames kept of each domain
MAX_SEGMENTS = 48  # later ones are not judged: the table grows with their square


@dataclass(frozen=True)
class Transfer:
    """`accuracy` is R, rows by `domains`; the means are None where nothing can be said."""

    domains: tuple[str, ...]
    first_seen: tuple[int, ...]  # the row of R after the segment that showed the domain first
    accuracy: tuple[tuple[float, ...], ...]
    forgetting: float | None
    backward_transfer: float | None
    forward_transfer: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def transfer(domains: Sequence[str], first_seen: Sequence[int], accuracy: F64) -> Transfer:
    """Return the figures of R (n_segments + 1, n_domains)."""
    last = len(accuracy) - 1
    lost = [accuracy[f, j] - accuracy[last, j] for j, f in enumerate(first_seen) if f < last]
    gained = [accuracy[f - 1, j] - accuracy[0, j] for j, f in enumerate(first_seen) if f > 1]
    forgetting = float(np.mean(lost)) if lost else None
    return Transfer(
        domains=tuple(domains),
        first_seen=tuple(first_seen),
        accuracy=tuple(tuple(row) for row in accuracy.tolist()),
        forgetting=forgetting,
        backward_transfer=None if forgetting is None else 0.0 - forgetting,
        forward_transfer=float(np.mean(gained)) if gained else None,
    )


class Probes:
    """Keeps, while a stream runs, some labelled frames of each domain and who knew what when."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 1])
        self._images: dict[str, list[U8]] = {}
        self._labels: dict[str, list[int]] = {}
        self._first_seen: dict[str, int] = {}
        self._n_seen = 0  # labelled frames of the segment so far
        self._weights: dict[str, list[Weights]] = {}
        self._at, self._n_segments = 0, 0

    def see(
        self, index: int, segments: Sequence[Segment], images: U8, labels: Sequence[int]
    ) -> None:
        """Take frames of one segment, the first of them frame `index` of the stream."""
        while self._at < len(segments) - 1 and index >= segments[self._at].stop:
            self._at, self._n_seen = self._at + 1, 0
        if self._at >= min(len(segments), MAX_SEGMENTS):
            return
        name, known = segments[self._at].name, [i for i, y in enumerate(labels) if y != UNKNOWN]
        if name == RECORDED or not known:
            return
        if self._first_seen.setdefault(name, self._at) == self._at:
            for i in known:
                self._keep(name, images[i], labels[i])

    def _keep(self, name: str, image: U8, label: int) -> None:
        """Keep a frame of the first visit of its domain, or not: a reservoir (Vitter, 1985)."""
        images, labels = self._images.setdefault(name, []), self._labels.setdefault(name, [])
        self._n_seen += 1
        if len(images) < N_PROBES:
            images.append(image.copy())
            labels.append(label)
        elif (place := int(self._rng.integers(self._n_seen))) < N_PROBES:
            images[place], labels[place] = image.copy(), label

    def end_segment(self, weights: Mapping[str, Weights]) -> None:
        """Remember the weights that each contender ends the segment with."""
        self._n_segments += 1
        if self._n_segments <= MAX_SEGMENTS:
            for name, used in weights.items():
                self._weights.setdefault(name, []).append(used)

    def transfer(self, contender: str, inference: Inference) -> Transfer | None:
        """Judge a contender by a spare `inference`; None where no domain was known."""
        if not self._images:
            return None
        known: dict[str, list[float]] = {}
        rows = []
        for weights in (inference.model.weights, *self._weights[contender]):
            if weights.version not in known:
                inference.use(weights)
                known[weights.version] = [self._accuracy(d, inference) for d in self._images]
            rows.append(known[weights.version])
        first_seen = [self._first_seen[domain] + 1 for domain in self._images]
        return transfer(tuple(self._images), first_seen, np.array(rows))

    def _accuracy(self, domain: str, inference: Inference) -> float:
        found = inference.classes_of(np.stack(self._images[domain]))
        return float(np.mean(found == np.array(self._labels[domain])))
