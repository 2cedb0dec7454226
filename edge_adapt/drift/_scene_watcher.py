"""A watcher of scenes by their images: it knows corruptions of the clean world alone."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping

from edge_adapt.drift._reference import Reference
from edge_adapt.drift._signature import Signature
from edge_adapt.drift._watcher import COOL_DOWN, WARM_UP, Watcher
from edge_adapt.records import Array


class SceneWatcher(Watcher, ABC):
    """`_is_clean` tells `_forget` whether the weights in use are of the clean world."""

    def __init__(
        self, reference: Reference, warm_up: int = WARM_UP, cool_down: int = COOL_DOWN
    ) -> None:
        self._is_clean = True
        super().__init__(reference, warm_up, cool_down)

    def rebase(self, weights: Mapping[str, Array], version: str) -> None:
        """Start anew; weights without a signature of their own are of the clean world."""
        self._is_clean = Signature.in_weights(weights) is None
        super().rebase(weights, version)
