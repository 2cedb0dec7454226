"""What an updater may ask of a network: answered by an engine, and counted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from edge_adapt import front_end
from edge_adapt.engines import Engine, Infer, values_of
from edge_adapt.networks.growth import network_of
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import INPUT, Network
from edge_adapt.pipeline.restoring import Restoring
from edge_adapt.population import score_heads
from edge_adapt.records import Array, I32, I64, U8, Weights

N_PREPARED = 4  # an updater asks of the incumbent and of a candidate, layer by layer


class EngineObjective:
    """The objective of a model on an engine; the engines make all answers equal."""

    def __init__(self, engine: Engine, model: Model) -> None:
        self._engine, self._model, self._network = Restoring(engine), model, model.network
        self._prepared: OrderedDict[str, Infer] = OrderedDict()
        self._n_evaluations = 0

    @property
    def network(self) -> Network:
        return self._network

    def know(self, weights: Weights) -> None:
        """Ask for the classes of these weights from now on: some were added at run time."""
        self._network = network_of(self._model.network, weights)

    @property
    def base(self) -> Weights:
        return self._model.weights

    @property
    def statistics(self) -> Mapping[str, Array]:
        return self._model.statistics

    @property
    def n_evaluations(self) -> int:
        return self._n_evaluations

    def spend(self, n_evaluations: int) -> None:
        self._n_evaluations += n_evaluations

    def logits(self, weights: Weights, images: U8) -> Array:
        self.spend(len(images))
        return self._infer(weights)(images).logits

    def value(self, weights: Weights, images: U8, layer: str) -> Array:
        self.spend(len(images))
        source = self.network.sources[layer][0]
        if source == INPUT:
            return front_end.restore(images, front_end.steps_of(weights))
        return values_of(self._infer(weights), images, (source,))[source]

    def look(self, weights: Weights, images: U8, layer: str) -> tuple[Array, Array]:
        self.spend(len(images))
        (source, *_) = self.network.sources[layer]
        outcome = self._infer(weights)(images, taps=(source,))
        return outcome.logits, outcome.taps[source]

    def score_heads(
        self, heads: Array, biases: I32, features: Array, labels: I64
    ) -> tuple[I64, I64]:
        self.spend(len(heads) * len(features))
        return score_heads(heads, biases, features, labels)

    def _infer(self, weights: Weights) -> Infer:
        """Return the runner of these weights; the least recently asked is forgotten first."""
        infer = self._prepared.pop(weights.version, None)
        if infer is None:
            infer = self._engine.prepare(self._model.network, weights)
        self._prepared[weights.version] = infer
        if len(self._prepared) > N_PREPARED:
            self._prepared.popitem(last=False)
        return infer
