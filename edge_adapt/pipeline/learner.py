"""What a rung asks of an accelerator that learns; `engines/_learner.py` is one."""

from __future__ import annotations

from typing import Protocol

from edge_adapt.records import I32, I64, U8, Weights


class Flipped(Protocol):
    """A parent's weights, and the register that draws the seeds of its children."""

    @property
    def weights(self) -> Weights: ...

    @property
    def register(self) -> int: ...


class Head(Protocol):
    """Values (n_classes, n_in + 1) in 1/256 of an int8 step, and the shift register."""

    @property
    def values(self) -> I64: ...

    @property
    def register(self) -> int: ...


class Learner(Protocol):
    """What the accelerator does of a rung; UsageError where it cannot."""

    @property
    def lanes(self) -> int:
        """Bits of a word of the accelerator."""
        ...

    @property
    def circuits(self) -> tuple[str, ...]:
        """Names of the updaters whose work it can do."""
        ...

    def rate_thresholds(self, weights: Weights, images: U8, n_wanted: I64) -> I32:
        """Return the largest thresholds (n_neurons,) that n_wanted of the frames' sums reach."""
        ...

    def capture(self, weights: Weights, images: U8, labels: I64) -> None:
        """Keep the features of labelled frames."""
        ...

    def start_head(self, values: I64, means: I64, register: int, batch_size: int) -> None:
        """Give row_es where to begin."""
        ...

    def run_head(self, order: I64, n_generations: int, scale: int) -> None:
        """Run generations over the samples in that order."""
        ...

    def head(self) -> Head:
        """Return where row_es has come to."""
        ...

    def descend(self, values: I64, register: int, order: I64, scale: int) -> Head:
        """Run a step of descent on each kept sample that `order` names."""
        ...

    def flip(
        self, weights: Weights, register: int, images: U8, labels: I64, scale: int, n: int
    ) -> Flipped:
        """Run n generations of flips over labelled frames."""
        ...

    def close(self) -> None:
        """Let go of the accelerator; the next work starts it again."""
        ...
