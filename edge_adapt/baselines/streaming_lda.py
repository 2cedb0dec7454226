"""Streaming LDA: every label that is told is learned at once (Hayes and Kanan, 1909.01520)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from edge_adapt.baselines._rule import Rule
from edge_adapt.errors import UsageError
from edge_adapt.pipeline.assembly import Get
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Samples, U8, Weights
from edge_adapt.updaters.streaming_lda import StreamingLda as Updater
import numpy as np

AT_ONCE = 16  # labels are learned so many at a time
N_WAITING = 1024  # frames that wait for their labels


class StreamingLda(Rule):
    """
    Learns the head from labels, on the features of the trained backbone.

    Its head takes over once it has seen as many labels as three for each class, and every class.
    """

    def __init__(self, get: Get, clock_ns: Callable[[], int]) -> None:
        super().__init__(get, clock_ns)
        self._updater = Updater()
        self._counts = np.zeros(self.objective.network.head.n_classes, np.int64)
        self._waiting: OrderedDict[int, U8] = OrderedDict()
        self._labelled: list[tuple[U8, int]] = []
        self._stamp_ns = 0

    def on_frame(self, stamp_ns: int, image: U8) -> None:
        self._waiting[stamp_ns], self._stamp_ns = image, stamp_ns
        if len(self._waiting) > N_WAITING:
            self._waiting.popitem(last=False)

    def on_label(self, stamp_ns: int, label: int) -> None:
        image = self._waiting.pop(stamp_ns, None)
        if image is not None:
            self._labelled.append((image, label))

    def step(self) -> Decision | None:
        """Learn, where enough labels have come."""
        if len(self._labelled) < AT_ONCE:
            return None
        n_labels = int(self._counts.sum()) + len(self._labelled)
        return self.taken('head', f'{n_labels} labels seen', self._stamp_ns, self._learned)

    def _learned(self) -> Weights:
        images, labels = zip(*self._labelled, strict=True)
        self._labelled.clear()
        samples = Samples(np.stack(images), np.array(labels, np.int64))
        self._counts += np.bincount(samples.labels, minlength=len(self._counts))
        try:
            *_, weights = self._updater.improve(self.objective, self.objective.base, samples)
        except UsageError:  # one class so far; it is remembered
            return self.weights
        is_ready = self._counts.all() and self._counts.sum() >= 3 * len(self._counts)
        return weights if is_ready else self.weights
